/* Is denied something as often as possible. */
static void evil(const char *path)
{
	(void)path;
	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			alarm(20);
			for (;;)
				open("/proc/1/environ", O_RDONLY);
		}
	sleep(2);
}
