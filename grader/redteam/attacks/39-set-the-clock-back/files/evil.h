/* Changes the time of the machine. */
#include <sys/time.h>
#include <time.h>

static void evil(const char *path)
{
	struct timespec late = { .tv_sec = 4102444800L }, early = { .tv_sec = 86400 };
	struct timeval day = { .tv_sec = 86400 };
	(void)path;
	clock_settime(CLOCK_REALTIME, &late);
	clock_settime(CLOCK_REALTIME, &early);
	settimeofday(&day, NULL);
}
