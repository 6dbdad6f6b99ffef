package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// measurement is one of those that can be made.
type measurement struct {
	name string
	make func(*bench, context.Context) error
	// large tells that it takes so much memory, or time, that it is made only if
	// it is asked for.
	large bool
	// note is on how it is made, printed above the table. It is empty if the table says all.
	note string
}

// measurements returns all that there are, in the order in which they are made. Names have the form
// group/part, and -only accepts either; bench/README.md gives the command beside each figure, so that
// renaming one breaks it.
func measurements() []measurement {
	all := []measurement{
		{name: "pickup", make: (*bench).pickup, note: onDiskNote},
		{name: "idle", make: (*bench).idle, note: onDiskNote},
		{name: "fanout", make: (*bench).fanout, note: fanoutNote},
	}
	// A latency of 0 shows what the queue itself takes, and the others how much of it hides behind a
	// gateway's answers.
	for _, latency := range []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond} {
		run := func(b *bench, ctx context.Context) error { return b.speed(ctx, latency) }
		all = append(all, measurement{name: fmt.Sprintf("speed/%d", latency.Milliseconds()), make: run, note: onDiskNote})
	}
	for _, o := range outages {
		run := func(b *bench, ctx context.Context) error { return b.outage(ctx, o) }
		all = append(all, measurement{name: "outage/" + o.key, make: run, note: outageNote})
	}
	// "to Redis" is part of the table's text, "growth, 10ms to Redis"; a name on the command line has
	// no blanks.
	for _, what := range []string{"waiting", "gateways", "processes", "to Redis", "outcomes"} {
		run := func(b *bench, ctx context.Context) error { return b.grow(ctx, what) }
		name := "growth/" + strings.ReplaceAll(what, "to Redis", "distance")
		all = append(all, measurement{name: name, make: run, large: true, note: growthNote})
	}
	all = append(all, measurement{name: "million", make: (*bench).million, large: true, note: fanoutNote})
	mixed := func(name string, parts func(*bench) []part) {
		run := func(b *bench, ctx context.Context) error { return b.mixed(ctx, parts(b)...) }
		all = append(all, measurement{name: "mixed/" + name, make: run, large: true, note: mixedNote})
	}
	for _, share := range []float64{0, 30, 50, 80, 95} {
		mixed(fmt.Sprint(share), func(b *bench) []part { return b.mixedLists(false, share) })
	}
	mixed("sorted", func(b *bench) []part { return b.mixedLists(true, 80, 95) })
	mixed("calls", (*bench).mixedCalls)
	mixed("single", (*bench).mixedSingle)
	mixed("hand", (*bench).mixedHand)
	mixed("restart", (*bench).mixedRestart)
	mixed("brownout", (*bench).mixedBrownout)
	mixed("hopeless", (*bench).mixedHopeless)
	return all
}

// choose returns the measurements that are named, such as "outage/killed", and those of which the first
// half of the name is given, such as "outage". An empty name stands for those that are not large, and
// "all" for every one. An error names all that exist.
func choose(names string) (chosen []measurement, err error) {
	for _, name := range strings.Split(names, ",") {
		found := slices.DeleteFunc(measurements(), func(m measurement) bool {
			group, _, _ := strings.Cut(m.name, "/")
			return m.name != name && group != name && name != "all" && (names != "" || m.large)
		})
		if len(found) == 0 {
			return nil, fmt.Errorf("-only %q must be some of %s, separated by commas", names, allNames())
		}
		chosen = append(chosen, found...)
	}
	return chosen, nil
}

// allNames returns the names of all measurements as help and errors print them.
func allNames() string {
	var names []string
	for _, m := range measurements() {
		names = append(names, m.name)
	}
	return strings.Join(names, ", ")
}
