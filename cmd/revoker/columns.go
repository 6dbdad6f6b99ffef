package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"receiptrevoker/cmd/internal/list"
)

// shownGateways is how many gateways a summary shows one by one, which a person reads before the
// list is requested. A list has a dozen; more are a column that holds something else, and 256 lines
// of such values would hide the rest of the summary.
const shownGateways = 20

// tellColumns warns of lines that can be used and may not mean what they say: imp_uids that are
// none of PortOne's, gateways that are not known, other imp_uids and numbers of receipts that are
// not read, rows that Excel hides. Each kind is one line of text with a count and examples, however
// many lines have it. With whole the counts are "of 5009"; else only the beginning of the list was
// read, and they are "of the first 1000". Whether the list is requested all the same, doubtful
// says.
func tellColumns(out io.Writer, reader *list.Reader, whole bool) {
	suspects, layout := reader.Suspects(), reader.Layout()
	of := ofRows(suspects, whole)
	// Order numbers in the imp_uids' column were queued before this warning existed, and came back as
	// dead letters.
	if n := suspects.ImpUIDs; n > 0 {
		newScreen(out).say("revoker: %d %s %s begin with imp_ or imps_%s%s",
			n, of, either(suspects.Rows, "imp_uid", "imp_uids")+either(n, " does not", " do not"), examples(suspects.Examples),
			rightColumn(n, suspects.Rows, layout.ImpUID))
	}
	// A code or an amount that lost its separator makes another imp_uid, as in imp_500000000012kcp.
	// That is a warning and no question: [list.Suspects] does not count such lines in Either.
	if n := suspects.Odd; n > 0 {
		newScreen(out).say("revoker: %d %s %s something other than 10 to 13 digits after imp_%s",
			n, of, either(suspects.Rows, "imp_uid", "imp_uids")+either(n, " has", " have"),
			examples([]list.Note{suspects.FirstOdd}))
	}
	// Up to half of the lines may name gateways that PortOne supports and this version does not know:
	// tellGateways names each. More are probably a wrong column.
	if n := suspects.Gateways; 2*n > suspects.Rows {
		newScreen(out).say("revoker: %d %s lines name a gateway that is not known%s",
			n, of, rightColumn(n, suspects.Rows, layout.PG))
	}
	if suspects.Nameless > 0 {
		newScreen(out).say("revoker: %s%s", nameless(suspects, whole), examples(suspects.NamelessExamples))
	}
	if suspects.Numbers > 0 {
		newScreen(out).say("revoker: %s%s", strangeNumbers(suspects, whole), examples(suspects.NumberExamples))
	}
	if suspects.Unread != "" {
		newScreen(out).say("revoker: %s", unreadNumbers(suspects))
	}
	if suspects.FurtherRows > 0 {
		newScreen(out).say("revoker: %s%s", furtherImpUIDs(suspects, whole), examples(suspects.Further))
	}
	if len(suspects.OtherSheets) > 0 {
		newScreen(out).say("revoker: %s", otherSheets(suspects))
	}
	if suspects.Hidden > 0 {
		newScreen(out).say("revoker: %s", hiddenRows(suspects, whole))
	}
	tellGateways(out, reader, whole)
}

// nameless says how many lines name no gateway while others do, as in a list that is grouped by
// gateway, where the first line of a group alone names it. They would go to the common queue, to which
// the gate and the limit of their gateway do not apply.
func nameless(suspects list.Suspects, whole bool) string {
	return fmt.Sprintf("%d %s lines %s no gateway", suspects.Nameless, ofRows(suspects, whole),
		either(suspects.Nameless, "names", "name"))
}

// strangeNumbers says how many lines have an apply_num that may be something else: not nine digits
// where most have, or a value that a missing separator has moved there. A worker ends such a request
// as reissued, since no receipt has that number.
func strangeNumbers(suspects list.Suspects, whole bool) string {
	return fmt.Sprintf("%d %s lines %s an apply_num of another form", suspects.Numbers,
		ofRows(suspects, whole), either(suspects.Numbers, "has", "have"))
}

// unreadNumbers names the column or key that may hold the receipts' numbers and is not read, such as
// apply_num(변경). It may be the number of a receipt that must not be revoked, so it is not guessed.
func unreadNumbers(suspects list.Suspects) string {
	return fmt.Sprintf("%q may hold the receipts' numbers and is not read: any receipt of a payment is revoked",
		fit(suspects.Unread, 40))
}

// furtherImpUIDs says how many lines hold another imp_uid than the one that is requested, as in a
// column 추가결제 imp_uid. A line requests the receipt of one payment: those of the others stay as they
// are.
func furtherImpUIDs(suspects list.Suspects, whole bool) string {
	return fmt.Sprintf("%d %s lines %s another imp_uid, which is not asked for", suspects.FurtherRows,
		ofRows(suspects, whole), either(suspects.FurtherRows, "holds", "hold"))
}

// otherSheets says which sheets are not read and hold payments, as where a list is split over sheets
// by gateway. Of each sheet the first 10,000 rows were looked at.
func otherSheets(suspects list.Suspects) string {
	var all []string
	for _, sheet := range suspects.OtherSheets {
		all = append(all, fmt.Sprintf("sheet %q, which is not read, has %s with payments",
			fit(sheet.Name, 40), plural(sheet.Rows, "row")))
	}
	return strings.Join(all, ", and ")
}

// hiddenRows says how many lines stand in rows that the workbook hides, as by a filter. They are read:
// a person who filtered the list sees fewer rows than would be revoked.
func hiddenRows(suspects list.Suspects, whole bool) string {
	return fmt.Sprintf("%d %s %s, the first is row %d", suspects.Hidden, ofRows(suspects, whole),
		either(suspects.Rows, "line", "lines")+either(suspects.Hidden, " is a hidden row", " are hidden rows"),
		suspects.FirstHidden)
}

// ofRows says of how many lines a count is. Lines that cannot be used are not among them.
func ofRows(suspects list.Suspects, whole bool) string {
	if whole {
		return fmt.Sprintf("of %d", suspects.Rows)
	}
	return fmt.Sprintf("of the first %d", suspects.Rows)
}

// examples shows up to three values with their lines, by which a person finds the column in the file.
func examples(values []list.Note) string {
	var shown []string
	for _, value := range values {
		shown = append(shown, fmt.Sprintf("%q on line %d", value.Text, value.Line))
	}
	return ", such as " + strings.Join(shown, ", ")
}

// rightColumn asks about a column of a header in which more than half of the values look wrong. JSON
// and a bare list have no column that could be the wrong one.
func rightColumn(wrong, rows int, column string) string {
	if column == "" || 2*wrong <= rows {
		return ""
	}
	return fmt.Sprintf(": is %q the right column?", fit(column, 40))
}

// tellGateways says which gateways are not known, each spelling once, the most frequent first. The
// reader tells 256 spellings apart; lines with others are only counted. Unless the whole list was
// read, 20 are shown: bulk shows all of them at the end of the list.
func tellGateways(out io.Writer, reader *list.Reader, whole bool) {
	unknown, others := reader.UnknownGateways()
	shown := unknown
	if !whole {
		shown = unknown[:min(len(unknown), shownGateways)]
	}
	for _, gateway := range shown {
		newScreen(out).say("revoker: gateway %q is not known: %s to the common queue", gateway.Name, goes(gateway.Lines))
	}
	// The sum has what is not shown, and what the reader did not tell apart.
	for _, gateway := range unknown[len(shown):] {
		others += gateway.Lines
	}
	if others > 0 {
		newScreen(out).say("revoker: other gateways than these %d are not known: %s to the common queue",
			len(shown), goes(others))
	}
}

// goes returns the subject and verb of "3 lines go to the common queue", of one line as well.
func goes(lines int) string { return count(lines, "line goes", "lines go") }

// lookWrong says how many lines look wrong, by their imp_uid, their gateway or both; a line with both
// counts once.
func lookWrong(suspects list.Suspects, whole bool) string {
	of := ofRows(suspects, whole)
	return fmt.Sprintf("%d %s %s", suspects.Either, of,
		either(suspects.Rows, "line", "lines")+either(suspects.Either, " looks wrong", " look wrong"))
}

// doubtful returns a usageError, exit code 2, if a person must say yes to a list before it is
// requested, and nil otherwise; [list.Suspects.Doubtful] has the rules. Its text names each doubt,
// what to mend about the list, and --yes. Unless the whole list was read, its beginning is judged.
func doubtful(reader *list.Reader, whole bool) error {
	suspects := reader.Suspects()
	if !suspects.Doubtful() {
		return nil
	}
	return usageError{fmt.Errorf("%s, and nothing is asked for: %sor ask for them as they are with --yes",
		doubts(suspects, whole), advice(suspects))}
}

// doubts says why a person must say yes to a list. It has a part for each rule of
// [list.Suspects.Doubtful], and so have advice and mistake: a rule that is missing here would refuse
// the list without a reason.
func doubts(suspects list.Suspects, whole bool) string {
	var all []string
	if suspects.Most() {
		all = append(all, lookWrong(suspects, whole))
	}
	if suspects.MostNameless() {
		all = append(all, nameless(suspects, whole))
	}
	if suspects.MostNumbers() {
		all = append(all, strangeNumbers(suspects, whole))
	}
	if suspects.Unread != "" {
		all = append(all, unreadNumbers(suspects))
	}
	if suspects.MostFurther() {
		all = append(all, furtherImpUIDs(suspects, whole))
	}
	if len(suspects.OtherSheets) > 0 {
		all = append(all, otherSheets(suspects))
	}
	if suspects.Hidden > 0 {
		all = append(all, hiddenRows(suspects, whole))
	}
	return strings.Join(all, ", and ")
}

// advice says how to mend a list instead of saying yes to it, in parts that each end in a comma and a
// blank: doubtful continues with "or ask for them as they are with --yes".
func advice(suspects list.Suspects) (text string) {
	if suspects.Most() && suspects.ImpUIDs > 0 {
		text += "name the imp_uids' column with --column, "
	}
	if suspects.Most() && suspects.Gateways > 0 {
		text += "rename the gateways' column if it holds something else, "
	}
	if suspects.MostNameless() {
		text += "fill in the gateway of each line, "
	}
	if suspects.MostNumbers() {
		text += "look what stands in the column of apply_num, "
	}
	if suspects.Unread != "" {
		text += "name it apply_num if it does and delete it if not, "
	}
	if suspects.MostFurther() {
		text += "give each imp_uid a line of its own, "
	}
	if len(suspects.OtherSheets) > 0 {
		text += "name the sheet that is meant with --sheet, "
	}
	if suspects.Hidden > 0 {
		text += "unhide or delete the rows, "
	}
	return text
}

// tellList says what a person should know about a list that was read to its end: where its header is
// if not on the first line, its notes, and what looks wrong about its columns. demo and simulate
// print the same of the lists that they read.
func tellList(out io.Writer, reader *list.Reader) {
	if line := reader.Layout().HeaderLine; line > 1 {
		newScreen(out).say("revoker: line %d is the header", line)
	}
	for _, note := range reader.Notes() {
		newScreen(out).say("revoker: line %d: %s", note.Line, note.Text)
	}
	tellColumns(out, reader, true)
}

// noneUsable returns the error for a list of so many lines of which none can be used. Its exit code is
// 1, not 3: an empty export is a mistake that a script must not take for a list that is done. JSON has
// no header that could stand alone.
func noneUsable(lines int, format list.Format) error {
	switch {
	case lines == 0 && (format == list.JSON || format == list.NDJSON):
		return errors.New("the list holds no payment: nothing is asked for")
	case lines == 0:
		return errors.New("the list has a header and no line below it: nothing is asked for")
	case lines == 1:
		return errors.New("its only line cannot be used: nothing is asked for")
	}
	return fmt.Errorf("none of its %d lines can be used: nothing is asked for", lines)
}

// mistake names what would have been wrong about a list that was requested all the same, for "If
// the column was wrong, withdraw the lines". Of several doubts it names the first; where it can be
// none of the others, rows were hidden.
func mistake(suspects list.Suspects) string {
	switch {
	case suspects.Most():
		return "the column was wrong"
	case suspects.MostNameless():
		return "the lines have a gateway"
	case suspects.MostNumbers():
		return "they are no numbers of receipts"
	case suspects.Unread != "":
		return "another receipt was meant"
	case suspects.MostFurther():
		return "the other imp_uids were meant"
	case len(suspects.OtherSheets) > 0:
		return "another sheet was meant"
	}
	return "hidden rows were not meant"
}
