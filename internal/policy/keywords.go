package policy

import (
	"fmt"
	"strings"
)

// keywords lists the statements of CIL, from the CIL Reference Guide of the
// SELinux project (libsepol 3.4 to 3.7).
const keywords = `allow allowx auditallow auditallowx block blockabstract
blockinherit boolean booleanif call category categoryalias categoryaliasactual
categoryorder categoryset class classcommon classmap classmapping classorder
classpermission classpermissionset common constrain context defaultrange
defaultrole defaulttype defaultuser deny devicetreecon dontaudit dontauditx
expandtypeattribute filecon fsuse genfscon handleunknown ibendportcon ibpkeycon
in iomemcon ioportcon ipaddr level levelrange macro mls mlsconstrain
mlsvalidatetrans netifcon neverallow neverallowx nodecon optional pcidevicecon
permissionx pirqcon policycap portcon rangetransition role roleallow
roleattribute roleattributeset rolebounds roletransition roletype selinuxuser
selinuxuserdefault sensitivity sensitivityalias sensitivityaliasactual
sensitivitycategory sensitivityorder sid sidcontext sidorder tunable tunableif
type typealias typealiasactual typeattribute typeattributeset typebounds
typechange typemember typepermissive typetransition user userattribute
userattributeset userbounds userlevel userprefix userrange userrole
validatetrans`

// foreign are statements of the older policy language with their CIL names.
func foreign(word string) string {
	switch word {
	case "attribute":
		return "typeattribute"
	case "type_transition":
		return "typetransition"
	case "type_change":
		return "typechange"
	case "type_member":
		return "typemember"
	case "role_transition":
		return "roletransition"
	case "range_transition":
		return "rangetransition"
	case "permissive":
		return "typepermissive"
	case "bool":
		return "boolean"
	case "allowxperm":
		return "allowx"
	case "if":
		return "booleanif"
	}
	return ""
}

func keywordSet() map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(keywords) {
		set[word] = true
	}
	return set
}

// checkKeyword refuses a statement that is not one of the known.
func checkKeyword(n *Node, known map[string]bool) error {
	word := n.Keyword()
	if word == "" {
		return &SyntaxError{Pos: n.Pos, Msg: "a statement begins with a keyword, and this one does not",
			Hint: "for example (allow SOURCE TARGET (CLASS (PERMISSION)))"}
	}
	if known[word] {
		return nil
	}
	err := &SyntaxError{Pos: n.List[0].Pos, Msg: fmt.Sprintf("CIL has no statement %q", clip(word))}
	if near := nearKeyword(word); near != "" {
		err.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return err
}

func nearKeyword(word string) string {
	if name := foreign(word); name != "" {
		return name
	}
	return nearest(word, strings.Fields(keywords))
}
