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

// rights finds out whether Redis allows what workers do, if PortOne's key is given, as it is
// where they run, or else what those do who ask for revocations.
func (d *doctor) rights(ctx context.Context) {
	if user := rights.User(d.Redis); user == listed { // nothing is to be in ACL LOG of it
		d.tell(looks(user))
		return
	}
	err := rights.Check(ctx, d.Redis, rights.Worker, d.Outcomes.Namespace())
	if err == nil {
		d.tell(ok("rights", "Redis allows all that workers do"))
		return
	}
	worker := d.API != nil || d.NoAPI != nil
	if !worker {
		if err = rights.Check(ctx, d.Redis, rights.Producer, d.Outcomes.Namespace()); err == nil {
			d.tell(ok("rights", "Redis allows all that those do who ask for revocations"))
			return
		}
	}
	var missing *redisfault.RightsError
	switch {
	case !errors.As(err, &missing):
		d.tell(unknown("rights", "not known: "+err.Error()))
	case onlyLooks(missing):
		d.tell(looks(missing.User))
	case worker || len(missing.Unknown) > 0:
		d.tell(failure("rights", err.Error(), redisfault.Advice(err)))
	default:
		d.tell(warning("rights", err.Error(), redisfault.Advice(err)))
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
