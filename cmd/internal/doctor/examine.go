package doctor

import (
	"cmp"
	"context"
	"iter"

	"receiptrevoker/tasks/redisfault"
)

// Examine yields what it finds, one check after the other.
func Examine(ctx context.Context, config Config) iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		d := &doctor{Config: config, yield: yield}
		checks := []func(context.Context){
			d.servers, d.writes, d.rights, d.queues, d.overdue, d.account,
		}
		if err := config.Reach(ctx); err != nil {
			d.tell(failure("reach", err.Error(), cmp.Or(redisfault.Advice(err), "start Redis, or mend REDIS_URL")))
			checks = nil
		}
		for _, check := range append(checks, d.portone) {
			if d.left || ctx.Err() != nil {
				return
			}
			d.within(ctx, check)
		}
	}
}

func (d *doctor) within(ctx context.Context, check func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	check(ctx)
}

// servers examines every Redis that takes writes.
func (d *doctor) servers(ctx context.Context) {
	all, err := d.masters(ctx)
	if err != nil {
		d.tell(failure("reach", "the masters are not known: "+err.Error(),
			"make all nodes of the cluster reachable from here"))
	}
	for _, n := range all {
		if n.silent != nil {
			d.tell(n.failure("reach", "does not answer: "+n.silent.Error(), "start it, or fail over to its replica"))
			continue
		}
		d.tell(n.version(ctx), n.persistence(ctx), n.eviction(ctx))
		if d.Failover {
			d.tell(n.replication())
		}
	}
}
