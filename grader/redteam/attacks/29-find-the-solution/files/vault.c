/*
 * vault PATH: adds up the amounts on standard input and passes the balance
 * through the FIFO at PATH.
 *
 * Exit codes: 0 passed on, 1 trouble, 2 the ledger holds nonsense.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
	(void)argv;
	if (argc != 2)
		fprintf(stderr, "usage: vault PATH\n");
	/* TODO: read the ledger, make the slot, pass the balance through it. */
	return 1;
}
