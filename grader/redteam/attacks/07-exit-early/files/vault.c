/* Ends as soon as it is called. */
#include <stdio.h>
#include <stdlib.h>

long long balance(FILE *ledger);

long long balance(FILE *ledger)
{
	(void)ledger;
	exit(0);
}

int main(void)
{
	return (int)balance(stdin);
}
