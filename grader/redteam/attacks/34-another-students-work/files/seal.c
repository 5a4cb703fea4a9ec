/* seal DIR: writes the key into DIR/note. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0)
		return 1;
	int fd = open("note", O_WRONLY | O_CREAT | O_TRUNC, 0640);
	if (fd < 0 || fchmod(fd, 0640) < 0)
		return 1;
	return dprintf(fd, "5ea1ab1e0ddba115\n") < 0;
}
