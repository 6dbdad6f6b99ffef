package main

import "fmt"

// passed are the rows of a time that the bare handler and revoker took, with how
// many of the runs kept to the target.
type passed struct {
	name          string
	limit         func(bare float64) float64 // of revoker, in seconds
	bare, revoker row
	kept          int
	worst         int // the run that was furthest above its limit, or least below
}

// newPassed returns no runs yet. target says what limit returns.
func newPassed(name, target string, limit func(bare float64) float64) *passed {
	return &passed{
		name: name, limit: limit,
		bare:    row{name: name + ", bare", format: "%.1f s"},
		revoker: row{target: target, format: "%.1f s"},
	}
}

// add adds what both took in a run, in seconds.
func (p *passed) add(bare, revoker float64) {
	p.bare.add(bare)
	p.revoker.add(revoker)
	if p.over(len(p.bare.values)-1) <= 0 {
		p.kept++
	}
	if p.over(len(p.bare.values)-1) > p.over(p.worst) {
		p.worst = len(p.bare.values) - 1
	}
}

// over returns how far a run was above its limit.
func (p *passed) over(run int) float64 { return p.revoker.values[run] - p.limit(p.bare.values[run]) }

func (p *passed) rows() []row {
	if len(p.bare.values) == 0 {
		return nil
	}
	p.revoker.name = fmt.Sprintf("%s, revoker: %d of %d within the target, worst %.1f s where %.1f s are allowed",
		p.name, p.kept, len(p.bare.values), p.revoker.values[p.worst], p.limit(p.bare.values[p.worst]))
	return []row{p.bare, p.revoker}
}
