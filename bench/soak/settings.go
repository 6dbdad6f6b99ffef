package main

import (
	"flag"
	"fmt"
	"io"
	"time"
)

// settings are how much is done, and how much goes wrong.
type settings struct {
	tasks    int // imp_uids that are asked for
	kills    int // of a worker
	restarts int // of Redis
	freezes  int // of a worker
	workers  int // processes
	slots    int // calls at a time, of a gateway in a process
	seed     uint64
	latency  time.Duration // of PortOne
	fsync    string        // what Redis calls appendfsync
	limit    time.Duration // of the whole run
	output   string        // a file that the report is written to as well
	keep     bool          // the directory with the files of workers and Redis
	log      io.Writer     // is told how far it has come
}

// parse returns the settings that the arguments ask for. An error has been written to log with the
// usage by then.
func parse(args []string, log io.Writer) (settings, error) {
	s := settings{log: log}
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(log)
	f.IntVar(&s.tasks, "tasks", 20_000, "imp_uids that are asked for")
	f.IntVar(&s.kills, "kills", 50, "how often a worker is killed")
	f.IntVar(&s.restarts, "restarts", 10, "how often Redis is killed and started again")
	f.IntVar(&s.freezes, "freezes", 3, "how often a worker is stopped for longer than its leases last, and then goes on")
	f.IntVar(&s.workers, "workers", 3, "worker processes")
	f.IntVar(&s.slots, "slots", 5, "calls at a time, per gateway and worker")
	f.Uint64Var(&s.seed, "seed", 1, "`number` that decides imp_uids, gateways, faults, and when what is killed")
	f.DurationVar(&s.latency, "latency", 50*time.Millisecond, "how long PortOne takes for an answer")
	f.StringVar(&s.fsync, "fsync", "always", "`policy` of Redis, always, everysec or no; "+
		"with everysec a killed Redis may have forgotten what it confirmed while it was waiting for the disk")
	f.DurationVar(&s.limit, "limit", 15*time.Minute, "how long it may take; what is stuck is named then")
	f.StringVar(&s.output, "o", "", "write the report to this `file` as well")
	f.BoolVar(&s.keep, "keep", false, "leave the directory with the workers' logs and Redis' file")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if err := s.validate(f.Args()); err != nil {
		fmt.Fprintln(log, err)
		f.Usage()
		return s, err
	}
	return s, nil
}

// validate returns an error for the first value with which no run makes sense.
func (s settings) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.tasks < 1 || s.workers < 1 || s.slots < 1:
		return fmt.Errorf("-tasks %d, -workers %d and -slots %d must be at least 1", s.tasks, s.workers, s.slots)
	case s.kills < 0 || s.restarts < 0 || s.freezes < 0:
		return fmt.Errorf("-kills %d, -restarts %d and -freezes %d must not be negative", s.kills, s.restarts, s.freezes)
	case s.latency < 0 || s.limit <= 0:
		return fmt.Errorf("-latency %v must not be negative, and -limit %v above 0", s.latency, s.limit)
	case s.fsync != "always" && s.fsync != "everysec" && s.fsync != "no":
		return fmt.Errorf("-fsync %q must be always, everysec or no", s.fsync)
	}
	return nil
}
