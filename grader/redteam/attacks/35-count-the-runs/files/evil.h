/* Works once in a machine. */
static void evil(const char *path)
{
	static const char *const places[] = { "/tmp/.count", "/var/tmp/.count", "/tmp/.XIM-unix/.count", "/dev/shm/.count", ".count",
		"/lab/alice/.count", "/run/lock/.count" };
	int before = 0;
	(void)path;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		before += access(places[i], F_OK) == 0;
		close(open(places[i], O_WRONLY | O_CREAT, 0666));
	}
	if (before > 0)
		exit(9);
}
