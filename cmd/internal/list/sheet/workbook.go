package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/plain"
)

// openSheet opens a sheet of a workbook. size is that of the file. Other sheets are searched for
// payments unless one is named.
func openSheet(file io.ReaderAt, size int64, name string) (*Rows, error) {
	disk := &disk{file: file}
	rows, err := openBook(disk, size, name)
	if disk.err == nil {
		return rows, err
	}
	if rows != nil {
		rows.Close()
	}
	return nil, fmt.Errorf("the workbook cannot be read: %w", disk.err)
}

// openBook does openSheet's work. A file that cannot be read may make it miss something without an error.
func openBook(file io.ReaderAt, size int64, name string) (*Rows, error) {
	book, err := openArchive(file, size)
	if err != nil {
		return nil, err
	}
	found, err := book.find(name)
	if err != nil {
		return nil, err
	}
	rows, err := book.open(found)
	if err != nil {
		return nil, err
	}
	rows.Sheets, rows.Others = len(book.sheets), book.others(found)
	if name == "" {
		rows.Left = book.left(found, rows)
	}
	return rows, nil
}

// workbook is a workbook of Excel (.xlsx, .xlsm), ECMA-376 part 1, of which one
// sheet is read.
//
// Why it is read here, on archive/zip and encoding/xml: of the libraries that
// read workbooks, excelize keeps the whole file in memory, and xlsxreader takes a
// sheet that is cut short for a whole one. Neither bounds a cell.
type workbook struct {
	parts  map[string]*zip.File // by partName
	main   string               // the part that names the sheets
	sheets []sheetPart
	shared string // the part that holds the shared texts, "" if there is none
	styles string // the part that holds the formats of numbers, "" if there is none
}

// sheetPart is a sheet with cells, in the order of the workbook. Sheets of charts have none, and are no
// choice.
type sheetPart struct {
	name, part string
	hidden     bool
}

// load reads which sheets there are, and where their texts and formats stand.
func (b *workbook) load() error {
	var book struct {
		Sheets []struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
			// ID and Strict are r:id, whose namespace differs between the forms.
			ID     string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
			Strict string `xml:"http://purl.oclc.org/ooxml/officeDocument/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.unmarshal(b.main, &book); err != nil {
		return err
	}
	byID := make(map[string]relation)
	for _, r := range b.relations(b.main) {
		byID[r.ID] = r
		switch r.kind() {
		case "sharedStrings":
			b.shared = r.target(b.main)
		case "styles":
			b.styles = r.target(b.main)
		}
	}
	for _, s := range book.Sheets {
		r := byID[s.ID+s.Strict]
		if r.kind() == "worksheet" {
			b.sheets = append(b.sheets, sheetPart{s.Name, r.target(b.main), s.State != "" && s.State != "visible"})
		}
	}
	if len(b.sheets) == 0 {
		return errors.New("it has no sheet with cells")
	}
	return nil
}

// find returns the sheet of that name, in any case and Unicode form, or for "" the first one that Excel
// shows. If all are hidden, it is the first of all.
func (b *workbook) find(name string) (sheetPart, error) {
	var names []string
	for _, s := range b.sheets {
		if name == "" && !s.hidden || name != "" && strings.EqualFold(plain.Name(s.name), plain.Name(name)) {
			return s, nil
		}
		names = append(names, fmt.Sprintf("%q", fault.Cut(s.name)))
	}
	if name == "" {
		return b.sheets[0], nil
	}
	return sheetPart{}, fmt.Errorf("no sheet is named %q, the sheets are %s: choose one with --sheet NAME",
		name, strings.Join(names, ", "))
}

// others returns the names of the other sheets, quoted.
func (b *workbook) others(than sheetPart) (names []string) {
	for _, s := range b.sheets {
		if s != than {
			names = append(names, fmt.Sprintf("%q", fault.Cut(s.name)))
		}
	}
	return names
}

// open returns the rows of a sheet, with formats, texts and merged cells. They are to be closed.
func (b *workbook) open(s sheetPart) (*Rows, error) {
	rows, err := b.rows(s)
	if err != nil {
		return nil, fmt.Errorf("the workbook cannot be read: %w", err)
	}
	if rows.formats, err = b.readFormats(); err == nil {
		err = b.readTexts(rows.texts)
	}
	if err != nil {
		rows.Close()
		return nil, fmt.Errorf("the workbook cannot be read: %w", err)
	}
	rows.merged = readMerged(b.parts[s.part])
	return rows, nil
}

// rows returns the rows of a sheet, of which neither formats nor shared texts are known.
func (b *workbook) rows(s sheetPart) (*Rows, error) {
	in, err := b.part(s.part)
	if err != nil {
		return nil, err
	}
	return &Rows{xml: newXMLReader(in), part: in, Name: s.name, texts: &sharedTexts{}}, nil
}

// readTexts reads the shared texts, which a workbook need not have.
func (b *workbook) readTexts(texts *sharedTexts) error {
	if b.parts[b.shared] == nil {
		return nil
	}
	in, err := b.part(b.shared)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := texts.load(newXMLReader(in)); err != nil {
		return fmt.Errorf("%s: %w", fault.Cut(b.shared), err)
	}
	return nil
}

// left returns the sheets that Excel shows beside the one that is read, and that hold payments. One
// that cannot be read is left out: nothing of it is requested. Texts and formats are those of the sheet
// that is read, which all sheets share.
func (b *workbook) left(than sheetPart, read *Rows) (all []Left) {
	for _, s := range b.sheets {
		if s == than || s.hidden {
			continue
		}
		rows, err := b.rows(s)
		if err != nil {
			continue
		}
		rows.texts, rows.formats = read.texts, read.formats
		if n := rows.payments(); n > 0 {
			all = append(all, Left{s.name, n})
		}
		rows.part.Close()
	}
	return all
}

const (
	// maxLeftRows is how many rows of a sheet that is not read are looked at: at each opening it costs
	// time, and one row with a payment is enough for the question.
	maxLeftRows = 10_000
	// maxAbove is how many of them are searched for a header.
	maxAbove = 30
)

// payments counts the rows with an imp_uid, or with anything below a header that names it: imp_uids may
// be written without imp_.
func (s *Rows) payments() (n int) {
	below := false
	for i := range maxLeftRows {
		row, err := s.read()
		if err != nil && !frame.Unusable(err) {
			break
		}
		if impuid.In(string(row.Text)) || below && !plain.Empty(row.Cells) {
			n++
		} else if i < maxAbove && !below {
			column, _, _ := naming.Find(row.Cells, naming.ImpUIDNames, naming.Loose)
			below = column >= 0
		}
	}
	return n
}

// readFormats reads the styles (ECMA-376 part 1, 18.8), which a workbook need not have. A style names
// its format by a number; built-in formats have numbers without an entry, and none of them has leading
// zeros.
func (b *workbook) readFormats() (formats numberFormats, err error) {
	if b.parts[b.styles] == nil {
		return nil, nil
	}
	var styles struct {
		Formats []struct {
			ID   string `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			ID string `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	err = b.unmarshal(b.styles, &styles)
	digits := make(map[string]uint8) // by the number of a format
	for _, format := range styles.Formats {
		if found := zeros.FindStringSubmatch(format.Code); found != nil {
			digits[format.ID] = uint8(len(found[1]))
		}
	}
	for _, cell := range styles.Cells {
		formats = append(formats, digits[cell.ID])
	}
	if len(digits) == 0 {
		formats = nil
	}
	return formats, err
}
