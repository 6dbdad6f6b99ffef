package list

// maxNotes bounds how many notes are kept.
const maxNotes = 100

// Note is something about a list that a person should know although every line
// around it was read.
type Note struct {
	// Line is the line of the file that it is about, from 1.
	Line int
	// Text says what is there, and what was made of it.
	Text string
}

// Notes returns what was found up to the line last read, in the order of the
// lines: rows above the header, a sep= line, odd line ends, a byte-order mark in
// the middle. There are at most 100; each kind that could come on every line is
// noted once.
func (r *Reader) Notes() []Note { return r.notes }

// note keeps a note, unless there are too many.
func (r *Reader) note(line int, text string) {
	if len(r.notes) < maxNotes {
		r.notes = append(r.notes, Note{line, text})
	}
}

// noteLine notes what is odd about the line that was just read.
func (r *Reader) noteLine() {
	f := &r.records
	if f.marked > 0 && !r.noted.marked {
		r.noted.marked, r.text.korean = true, false
		r.note(f.marked, "a byte-order mark stands here, as where files are put together")
	}
	if f.odd > 0 && !r.noted.odd {
		r.noted.odd = true
		text := "the line ends in CR alone, unlike those before: what follows was read as the next line"
		if f.end == '\r' {
			text = "the line ends in LF, those before in CR alone"
		}
		r.note(f.odd, text)
	}
}
