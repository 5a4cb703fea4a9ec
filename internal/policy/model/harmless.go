package model

import "strings"

// ignored are the statements that allow nothing: those that only take away or
// record, and those about roles, users, levels and the labels of objects.
// Whatever is not named here, and not read, cannot be proved.
const ignored = `auditallow auditallowx category categoryorder
categoryset classorder context defaultrange defaultrole defaulttype
defaultuser dontaudit dontauditx expandtypeattribute filecon fsuse
level levelrange mls netifcon neverallow neverallowx
nodecon policycap rangetransition role roleallow roleattribute
roleattributeset roletransition roletype selinuxuser selinuxuserdefault
sensitivity sensitivitycategory sensitivityorder sid sidorder
typebounds typechange typemember user userattribute userattributeset userbounds
userlevel userprefix userrange userrole allowx permissionx`

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}
