package policy

// RecordType is the type number of an audit record, from linux/audit.h.
type RecordType uint16

// The record types that this project looks at.
const (
	RecordUserAVC         RecordType = 1107 // a denial by a userspace object manager
	RecordSyscall         RecordType = 1300
	RecordPath            RecordType = 1302
	RecordConfigChange    RecordType = 1305
	RecordCWD             RecordType = 1307
	RecordEndOfEvent      RecordType = 1320
	RecordSeccomp         RecordType = 1326
	RecordProctitle       RecordType = 1327
	RecordAVC             RecordType = 1400 // a permission denied or granted by the kernel
	RecordSELinuxError    RecordType = 1401
	RecordPolicyLoad      RecordType = 1403
	RecordEnforcingChange RecordType = 1404
	RecordBooleanChange   RecordType = 1405
)
