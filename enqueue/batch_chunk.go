package enqueue

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// chunk is a number of lines that are asked for together.
type chunk struct {
	*Batch
	first    int // row of the batch that the first line is
	results  []LineResult
	rows     []outcome.Row
	reserved bool       // all rows are the list's already
	open     []question // what is still to be asked

	done chan struct{} // closed once there is nothing left to do
	err  error
}

func (b *Batch) newChunk() *chunk {
	return &chunk{
		Batch: b, done: make(chan struct{}),
		results: make([]LineResult, 0, chunkSize), rows: make([]outcome.Row, 0, chunkSize),
	}
}

// add adds a line, as invalid or repeated if it is that by itself. Without
// firsts, none is repeated.
func (c *chunk) add(firsts *firsts, line Line) {
	result := LineResult{Line: line}
	if result.Invalid == nil {
		result.Invalid = tasks.ValidateImpUID(line.ImpUID)
	}
	if result.Invalid != nil {
		result.Kind = outcome.KindInvalid
	} else if firsts != nil {
		if first, repeated := firsts.add(line.ImpUID, line.Number); repeated {
			result.Kind, result.First = outcome.KindRepeated, first
		}
	}
	c.results = append(c.results, result)
	c.rows = append(c.rows, outcome.Row{Kind: result.Kind, Digest: result.digest()})
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
	switch {
	case l.Invalid != nil:
		return cmp.Or(l.Text, l.ImpUID)
	case l.PG == "":
		return l.ImpUID
	}
	return l.ImpUID + " (" + string(l.PG) + ")"
}
