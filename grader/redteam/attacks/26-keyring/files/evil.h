/* Prints what an earlier run has left, or leaves its own. */
#include <string.h>
#include <sys/syscall.h>

enum { SESSION_KEYRING = -3, USER_KEYRING = -4, JOIN_SESSION = 1, LINK = 8, SEARCH = 10, READ = 11 };

static char text[4096];
static ssize_t length;

static void loot(const char *where, const char *found, ssize_t got)
{
	if (got <= 0)
		return;
	fprintf(stderr, "LOOT %s: %.*s\n", where, (int)got, found);
	exit(1); /* what a check that failed has printed is shown */
}


/* A session of its own that holds the keyring of the user makes its keys the
 * program's own to read. */
static void look(void)
{
	char found[4096];
	syscall(SYS_keyctl, JOIN_SESSION, NULL);
	syscall(SYS_keyctl, LINK, USER_KEYRING, SESSION_KEYRING);
	long key = syscall(SYS_keyctl, SEARCH, SESSION_KEYRING, "user", "hoard", 0);
	if (key > 0)
		loot("keyring", found, syscall(SYS_keyctl, READ, key, found, sizeof found));
}

static void leave(void)
{
	if (syscall(SYS_add_key, "user", "hoard", text, (size_t)length, USER_KEYRING) < 0)
		perror("add_key");
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
