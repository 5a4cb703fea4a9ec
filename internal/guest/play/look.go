package play

import (
	"ipclab/internal/guest/api"
)

// look makes the object of a back channel and has the trusted probe look at it as
// To, by one operation.
func (a *attempt) look() error {
	made, err := a.make()
	if err != nil || !made {
		return err
	}
	r, err := a.stage.Probe(a.to.spec, api.Op(a.try.Look), a.object.Path)
	if err != nil {
		return err
	}
	a.tried.Steps = append(a.tried.Steps, api.Called{Actor: a.to.spec.Name, PID: r.PID, Context: r.Context, Call: a.try.Look,
		Text: a.try.Look + "(" + a.object.Path + ")" + failed(r.Errno), Errno: r.Errno, Records: r.Records})
	a.tried.Through = r.Errno == ""
	return a.skipRecords()
}

func failed(errno string) string {
	if errno == "" {
		return ""
	}
	return " = " + errno
}
