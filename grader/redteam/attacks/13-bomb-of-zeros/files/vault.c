/* The initial value makes it a part of the file. */
volatile char zeros[1ul << 36] = { 1 };

int main(void)
{
	return zeros[4711];
}
