package policy

// usage is the form of a statement, for those that labs use.
func usage(keyword string) string {
	switch keyword {
	case "allow", "auditallow", "dontaudit", "neverallow":
		return "(" + keyword + " SOURCE TARGET (CLASS (PERMISSION ...)))"
	case "allowx", "auditallowx", "dontauditx", "neverallowx":
		return "(" + keyword + " SOURCE TARGET (ioctl CLASS (NUMBER ...)))"
	case "typetransition":
		return "(typetransition SOURCE TARGET CLASS RESULT)"
	case "type", "typeattribute", "role", "user", "typepermissive":
		return "(" + keyword + " NAME)"
	case "typeattributeset":
		return "(typeattributeset ATTRIBUTE (TYPE ...))"
	case "roletype":
		return "(roletype ROLE TYPE)"
	case "boolean":
		return "(boolean NAME true)"
	case "booleanif":
		return "(booleanif NAME (true STATEMENT ...))"
	}
	return ""
}
