package doctor

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
)

// master returns the address of the master that a Sentinel names first.
func (d *doctor) master(ctx context.Context) string {
	for _, addr := range slices.Sorted(maps.Keys(d.Sentinels)) {
		if host, err := d.Sentinels[addr].GetMasterAddrByName(ctx, d.Master).Result(); err == nil && len(host) == 2 {
			return net.JoinHostPort(host[0], host[1])
		}
	}
	return ""
}

// minSentinels is how many Sentinels it takes for one to be lost.
const minSentinels = 3

// sentinels asks each whether it could let the master be replaced.
func (d *doctor) sentinels(ctx context.Context) {
	if len(d.Sentinels) == 0 {
		return
	}
	var silent, doubtful []string
	known := 0
	for _, addr := range slices.Sorted(maps.Keys(d.Sentinels)) {
		master, err := d.Sentinels[addr].Master(ctx, d.Master).Result()
		if err != nil {
			silent = append(silent, addr+" ("+err.Error()+")")
			continue
		}
		var others int
		_, _ = fmt.Sscan(master["num-other-sentinels"], &others)
		known = max(known, others+1)
		if err := d.Sentinels[addr].CkQuorum(ctx, d.Master).Err(); err != nil {
			doubtful = append(doubtful, addr+" ("+err.Error()+")")
		}
	}
	answering := len(d.Sentinels) - len(silent)
	found := fmt.Sprintf("%d of %d Sentinels of REDIS_URL answer, %d watch over %s",
		answering, len(d.Sentinels), known, d.Master)
	switch {
	case answering == 0:
		d.tell(failure("sentinel", "no Sentinel answers: "+strings.Join(silent, ", "),
			"start the Sentinels, or mend REDIS_URL"))
	case len(doubtful) > 0:
		d.tell(warning("sentinel", found+"; no failover is possible: "+strings.Join(doubtful, ", "),
			"bring the missing Sentinels back"))
	case len(silent) > 0:
		d.tell(warning("sentinel", found+"; silent: "+strings.Join(silent, ", "),
			"bring them back, or drop them from REDIS_URL"))
	case known < minSentinels:
		d.tell(warning("sentinel", found+": the loss of one stops failovers",
			"run three or more, on machines of their own"))
	default:
		d.tell(ok("sentinel", found))
	}
}
