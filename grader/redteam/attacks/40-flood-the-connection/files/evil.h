/* One byte at a time, up to what may be printed. */
static void evil(const char *path)
{
	(void)path;
	for (int i = 0; i < 10000; i++)
		if (write(1 + i % 2, "x", 1) != 1)
			break;
}
