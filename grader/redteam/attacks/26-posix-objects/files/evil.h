/* Prints what an earlier run has left, or leaves its own. */
#include <string.h>
#include <mqueue.h>
#include <sys/mman.h>

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
	char found[8192];
	int fd = shm_open("/hoard", O_RDONLY, 0);
	mqd_t q = mq_open("/hoard", O_RDONLY | O_NONBLOCK);
	if (fd >= 0)
		loot("shm", found, read(fd, found, sizeof found));
	if (q != (mqd_t)-1)
		loot("mq", found, mq_receive(q, found, sizeof found, NULL));
}

static void leave(void)
{
	struct mq_attr a = { .mq_maxmsg = 2, .mq_msgsize = 4096 };
	int fd = shm_open("/hoard", O_RDWR | O_CREAT, 0666);
	mqd_t q = mq_open("/hoard", O_RDWR | O_CREAT | O_NONBLOCK, 0666, &a);
	if (fd >= 0 && write(fd, text, (size_t)length) != length)
		perror("shm");
	if (q != (mqd_t)-1)
		mq_send(q, text, (size_t)length, 0);
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
