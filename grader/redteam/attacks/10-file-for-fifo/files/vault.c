/* Whoever opens the slot and reads finds the balance there. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char line[256], *end, temporary[4096];
	long long sum = 0;
	if (argc != 2)
		return 1;
	while (fgets(line, sizeof line, stdin) != NULL) {
		sum += strtoll(line, &end, 10);
		if (end == line)
			return 2;
	}
	snprintf(temporary, sizeof temporary, "%s.new", argv[1]);
	umask(0);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0660);
	if (fd < 0 || dprintf(fd, "balance %lld\n", sum) < 0)
		return 1;
	return rename(temporary, argv[1]) != 0;
}
