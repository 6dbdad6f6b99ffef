package doctor

import (
	"context"
	"errors"
	"slices"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
)

// listed is the user that deploy/redis/users.acl has for the doctor. It may read what the
// checks need and write one key, no more.
const listed = "revoker-doctor"

// rights finds out whether Redis allows what workers do. It is made only where PortOne's
// key is given, as it is where workers run. Producers find out at their start what Redis
// refuses them.
func (d *doctor) rights(ctx context.Context) {
	if d.API == nil && d.NoAPI == nil {
		return
	}
	// The trial would be refused, and each refusal is an entry in ACL LOG, where an
	// operator looks for real ones.
	if user := rights.User(d.Redis); user == listed {
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
	// A user of another name who only looks is known by what is missing.
	case onlyLooks(missing):
		d.tell(looks(missing.User))
	default:
		d.tell(failure("rights", "a worker with this user would fail: "+err.Error(), redisfault.Advice(err)))
	}
}

// looks is the finding for a user that only looks: right, and no statement about a worker's
// user.
func looks(user string) Finding {
	return ok("rights", "the user "+user+" only looks: what a worker's may do is seen with its Redis URL")
}

// onlyLooks reports whether the user may write neither outcomes nor requests, as is right
// for a doctor's user. A worker's user may lack one of these commands by mistake, but
// hardly all three.
func onlyLooks(missing *redisfault.RightsError) bool {
	return len(missing.Unknown) == 0 && !slices.ContainsFunc([]string{"HSET", "ZADD", "XADD"}, func(command string) bool {
		return !slices.Contains(missing.Commands, command)
	})
}
