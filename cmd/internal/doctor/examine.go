package doctor

import (
	"cmp"
	"context"
	"iter"

	"receiptrevoker/tasks/redisfault"
)

// Examine yields what it finds, one check after the other, as each is found: on a slow
// Redis the first lines appear at once. The caller may stop at any finding. Where Redis
// cannot be reached, only PortOne is examined.
func Examine(ctx context.Context, config Config) iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		d := &doctor{Config: config, yield: yield}
		// The order is that in which a person would mend things: Redis, then the queues in
		// it. d.queues must come before d.overdue, which uses what it counted.
		checks := []func(context.Context){
			d.servers, d.writes, d.rights, d.queues, d.overdue, d.account,
		}
		// The checks of Redis would each wait for an answer and say the same.
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

// within makes a check with its own deadline, [patience].
func (d *doctor) within(ctx context.Context, check func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	check(ctx)
}

// servers examines every Redis that takes writes: all masters of a Cluster, since tasks are
// on any of them, and otherwise the one. Replicas are left out, as their settings matter
// only once they are masters.
func (d *doctor) servers(ctx context.Context) {
	all, err := d.masters(ctx)
	if err != nil {
		d.tell(failure("reach", "the masters are not known: "+err.Error(),
			"make all nodes of the cluster reachable from here"))
	}
	for _, n := range all {
		// One finding for a node without an answer, and not one for each check.
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
