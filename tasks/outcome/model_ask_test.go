package outcome_test

import (
	"cmp"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// ask records a request for the row of a batch, or for 0 a single one, and returns its
// kind, and the rest of the reply to a single one.
func (r *receipt) ask(m *model, s step, batch, row int) (kind byte, rest string) {
	if r.isNew(m, s) {
		return r.renew(s, batch, row), "queued +"
	} else if r.other(m, s) {
		return 'x', joined(string(r.told()), r.applyNum)
	}
	r.withdrawn = false
	switch {
	case batch == nobody:
		r.single, kind = true, 'e'
	case r.rows[batch] > 0:
		return 'r', ""
	default:
		r.rows[batch], kind = row, 'e'
		if r.ended() {
			m.batches[batch].ends[row] = r.status
		}
	}
	switch {
	case r.ended():
		return kind, joined(string(r.status), r.number)
	case r.told() == outcome.Queued:
		return kind, "queued +"
	}
	return kind, string(r.told())
}

// isNew reports whether what a step asks for has nothing to do with an earlier request.
func (r *receipt) isNew(m *model, s step) bool {
	if r.ended() {
		another := s.applyNum != "" && tasks.BareApplyNum(s.applyNum) != tasks.BareApplyNum(cmp.Or(r.number, r.applyNum))
		return s.again || another || r.status == outcome.Dead && (r.left(m, nobody) || r.reason == outcome.ReasonWithdrawn)
	}
	return r.id == 0 || r.left(m, nobody) && !r.calling()
}

// calling reports whether an attempt of the request is running that may make a DELETE.
func (r *receipt) calling() bool { return r.current() && r.live && !r.idle }

// other reports whether a step asks for another receipt than the request that is open
// does. Of one that is withdrawn, and is being called, what is not said counts too.
func (r *receipt) other(m *model, s step) bool {
	whole := r.left(m, nobody)
	differs := func(asked, is string) bool { return asked != is && (whole || asked != "") }
	number := differs(tasks.BareApplyNum(s.applyNum), tasks.BareApplyNum(r.applyNum))
	return !r.ended() && (number || differs(s.tier, r.tier) || whole && s.again != r.again)
}

func (r *receipt) askAlone(m *model, s step) string {
	kind, rest := r.ask(m, s, nobody, 0)
	if kind == 'x' {
		return joined("other i", rest)
	}
	return joined(string(kind), rest)
}

// renew makes a request that is new. The rows that asked for one that was withdrawn get
// its end.
func (r *receipt) renew(s step, batch, row int) (kind byte) {
	rows := r.rows
	if r.ended() {
		rows = [len(batchNames)]int{}
	}
	r.request = request{id: r.id + 1, applyNum: s.applyNum, tier: s.tier, again: s.again, rows: rows}
	r.due = "now"
	switch {
	case batch == nobody:
		r.single = true
	case rows[batch] > 0:
		return 'r'
	default:
		r.rows[batch] = row
	}
	return 'q'
}
