package doctor

import (
	"context"
	"errors"
	"slices"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
)

// listed is the user that the runbook's list has for the doctor.
const listed = "revoker-doctor"

// rights finds out whether Redis allows what workers do, where PortOne's key is given, as it
// is where they run. Producers find out at their start what Redis refuses them.
func (d *doctor) rights(ctx context.Context) {
	if d.API == nil && d.NoAPI == nil {
		return
	}
	if user := rights.User(d.Redis); user == listed { // nothing is to be in ACL LOG of it
		d.tell(looks(user))
		return
	}
	err := rights.Check(ctx, d.Redis, rights.Worker, d.Outcomes.Namespace())
	var missing *redisfault.RightsError
	switch {
	case err == nil:
		d.tell(ok("rights", "Redis allows all that workers do"))
	case !errors.As(err, &missing):
		d.tell(unknown("rights", "not known: "+err.Error()))
	case onlyLooks(missing):
		d.tell(looks(missing.User))
	default:
		d.tell(failure("rights", err.Error(), redisfault.Advice(err)))
	}
}

func looks(user string) Finding {
	return ok("rights", "the user "+user+" only looks: what a worker's may do is seen with its Redis URL")
}

// onlyLooks reports whether the user may write neither outcomes nor requests, as is right for
// that of the doctor.
func onlyLooks(missing *redisfault.RightsError) bool {
	return len(missing.Unknown) == 0 && !slices.ContainsFunc([]string{"HSET", "ZADD", "XADD"}, func(command string) bool {
		return !slices.Contains(missing.Commands, command)
	})
}
