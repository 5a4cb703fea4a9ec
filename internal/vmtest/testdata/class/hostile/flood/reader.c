#include <string.h>
#include <unistd.h>

int main(void)
{
	char block[1 << 16];

	memset(block, 'x', sizeof block);
	while (write(STDOUT_FILENO, block, sizeof block) > 0)
		;
	return 0;
}
