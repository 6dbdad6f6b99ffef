package enqueue

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// Line is one line of a list.
type Line struct {
	// Number is where the line stands, for people: in a file, its line.
	Number int
	ImpUID string
	PG     tasks.Gateway
	// ApplyNum is the number of the receipt that is meant, empty for the one there is;
	// see [tasks.Revocation.ApplyNum].
	ApplyNum string
	// Tier is the code of the sub-merchant, empty for the workers' own; see
	// [tasks.Revocation.Tier].
	Tier string
	// Invalid is why the line cannot be asked for, nil if it can. Text is then
	// what stands there, which tells the list from another.
	Invalid error
	Text    string
}

// LineResult is what came of asking for a line.
type LineResult struct {
	Line
	Kind outcome.Kind
	// First is the number of the line that this one repeats, 0 if it repeats none.
	First int
	// Before tells that the line was answered by an earlier call already.
	Before bool
}

// revocation returns what a line asks for, without what its batch adds.
func (l Line) revocation() tasks.Revocation {
	pg, _ := tasks.ParseGateway(string(l.PG))
	return tasks.Revocation{ImpUID: l.ImpUID, PG: pg, ApplyNum: l.ApplyNum, Tier: l.Tier}
}

// otherReceipt says of a line that it came while another receipt of its imp_uid was being
// revoked.
func (l Line) otherReceipt() error {
	return fmt.Errorf("line %d: %s: %w when the list was given: give the line in another "+
		"batch once that has ended", l.Number, l.ImpUID, ErrOtherReceipt)
}

// valid reports whether a line can be asked for as far as it shows by itself.
func (l Line) valid() bool { return l.Invalid == nil && l.revocation().ValidateNew() == nil }

// contradicting returns a line as one that cannot be asked for, since another line of the same
// imp_uid names another receipt, tier or gateway. What stands there stays what it is, see [Line.Text].
func (l Line) contradicting(other uint32, so string) Line {
	l.Text = l.text()
	l.Invalid = fmt.Errorf("line %d: %s: line %d names another apply_num, tier or gateway: %s",
		l.Number, l.Text, other, so)
	return l
}

// castagnoli is the polynomial that processors calculate themselves.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// digest tells what a line asks for from anything else.
func (l Line) digest() (digest [4]byte) {
	sum := crc32.Checksum([]byte(l.text()), castagnoli)
	binary.BigEndian.PutUint32(digest[:], sum)
	return digest
}

// text returns what a line asks for, or what stands there if it asks for
// nothing.
func (l Line) text() string {
	text := l.ImpUID
	if l.Invalid != nil {
		return cmp.Or(l.Text, text)
	}
	if l.PG != "" {
		text += " (" + string(l.PG) + ")"
	}
	text += named(l.ApplyNum)
	if l.Tier != "" {
		text += ", tier " + l.Tier
	}
	return text
}
