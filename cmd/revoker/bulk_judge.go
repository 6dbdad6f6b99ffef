package main

import (
	"context"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// judge says what is wrong with a list before any of it is asked for, and returns the reader of
// what is to be asked for, or an error if nothing is. A list that can be read twice is judged
// whole, and another by the lines that the reader has read ahead.
func (j *bulkJob) judge(ctx context.Context, reader *lineReader) (*lineReader, error) {
	if j.shown {
		reader.mark(j.wrong)
		return reader, nil
	}
	if reader.ended || reader.err != nil || !j.input.rereadable() {
		j.wrong = reader.wrong
		return reader, j.judgeColumns(reader)
	}
	onFail := reader.onFail
	reader.onFail = nil // where it cannot be read on, the next reader finds that, too
	wrong, err := readThrough(ctx, reader, j.stderr)
	if err != nil {
		return nil, err
	}
	if err := j.judgeColumns(reader); err != nil {
		return nil, err
	}
	j.wrong, err = wrong, j.input.rewind()
	return &lineReader{list: j.input.reader, onFail: onFail, wrong: wrong}, err
}

// judgeColumns says what is wrong with as much of a list as was read, and returns an error if
// it is not to be asked for.
func (j *bulkJob) judgeColumns(reader *lineReader) error {
	suspects := reader.list.Suspects()
	switch {
	case reader.ended:
		tellList(j.stderr, reader.list)
		j.told = true
	case suspects.Any():
		tellColumns(j.stderr, reader.list, false)
	}
	if j.settings.yes {
		return nil
	}
	return doubtful(reader.list, reader.ended)
}

// refuse shows the lines of a list of which none can be used. No batch is made of it.
func (j *bulkJob) refuse(lines []enqueue.Line, progress *counter) error {
	for _, line := range lines {
		j.asked.count(enqueue.LineResult{Line: line, Kind: outcome.KindInvalid})
	}
	progress.end()
	j.tellList()
	return noneUsable(len(lines), j.input.reader.Format())
}
