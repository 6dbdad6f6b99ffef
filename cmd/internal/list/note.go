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
