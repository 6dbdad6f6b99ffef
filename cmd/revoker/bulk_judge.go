package main

import (
	"context"
	"errors"
)

// judge says what is wrong with a list before any of it is asked for, and returns the reader of
// what is to be asked for, or an error if nothing is. A list that can be read twice is judged
// whole, and another by the lines that the reader has read ahead.
func (j *bulkJob) judge(ctx context.Context, reader *lineReader) (*lineReader, error) {
	if j.shown || j.settings.yes || reader.ended || reader.err != nil || !j.input.rereadable() {
		return reader, j.judgeColumns(reader)
	}
	onFail := reader.onFail
	reader.onFail = nil // where it cannot be read on, the next reader finds that, too
	progress := newCounter(j.out, "lines looked at")
	for range reader.lines {
		if progress.add(); ctx.Err() != nil {
			break
		}
	}
	progress.end()
	if ctx.Err() != nil {
		return nil, errors.New("stopped: nothing was asked for")
	}
	if err := j.judgeColumns(reader); err != nil {
		return nil, err
	}
	err := j.input.rewind()
	return &lineReader{list: j.input.reader, onFail: onFail}, err
}

// judgeColumns says what is wrong with as much of a list as was read, and returns an error if
// it is not to be asked for.
func (j *bulkJob) judgeColumns(reader *lineReader) error {
	suspects := reader.list.Suspects()
	switch {
	case j.shown:
		return nil
	case reader.ended:
		tellList(j.out, reader.list)
		j.told = true
	case suspects.Any():
		tellColumns(j.out, reader.list, false)
	}
	if j.settings.yes {
		return nil
	}
	return doubtful(reader.list, reader.ended)
}
