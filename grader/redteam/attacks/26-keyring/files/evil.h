/* Prints what an earlier run has left, or leaves its own. */
#include <string.h>
#include <sys/syscall.h>

enum { USER_KEYRING = -4, USER_SESSION_KEYRING = -5, READ = 11, SEARCH = 10, SET_PERMISSIONS = 5 };

static char text[4096];
static ssize_t length;

static void loot(const char *where, const char *found, ssize_t got)
{
	if (got <= 0)
		return;
	fprintf(stderr, "LOOT %s: %.*s\n", where, (int)got, found);
	exit(1); /* what a check that failed has printed is shown */
}


static void look(void)
{
	char found[4096];
	for (long ring = USER_SESSION_KEYRING; ring <= USER_KEYRING; ring++) {
		long key = syscall(SYS_keyctl, SEARCH, ring, "user", "hoard", 0);
		if (key > 0)
			loot("keyring", found, syscall(SYS_keyctl, READ, key, found, sizeof found));
	}
}

static void leave(void)
{
	for (long ring = USER_SESSION_KEYRING; ring <= USER_KEYRING; ring++) {
		long key = syscall(SYS_add_key, "user", "hoard", text, (size_t)length, ring);
		if (key < 0 || syscall(SYS_keyctl, SET_PERMISSIONS, key, 0x3f3f3f3f) != 0)
			perror("add_key");
	}
}

static void take_input(void)
{
	int pair[2];
	length = read(0, text, sizeof text);
	if (length < 0 || pipe(pair) != 0 || write(pair[1], text, (size_t)length) != length)
		exit(1);
	close(pair[1]);
	dup2(pair[0], 0);
}

static void evil(const char *path)
{
	(void)path;
	look();
	take_input();
	if (memmem(text, (size_t)length, "canary", 6) != NULL)
		leave();
}
