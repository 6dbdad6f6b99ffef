package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/foreign"
)

// maxPart bounds the parts of a workbook that are held as a whole, all but its cells and texts: 16 MiB,
// far more than a list of sheets needs. A small archive can unpack to gigabytes.
const maxPart = 16 << 20

// openArchive returns the workbook that a ZIP archive is. The error says what the archive is if it is
// none, and what to do. size is that of the file: the directory of an archive stands at its end.
func openArchive(file io.ReaderAt, size int64) (*workbook, error) {
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, fmt.Errorf("the list is a ZIP archive or a workbook that is cut short or damaged: %w", err)
	}
	b := &workbook{parts: make(map[string]*zip.File, len(archive.File))}
	for _, part := range archive.File {
		// The bit says that a part is encrypted. A workbook with a password is no ZIP archive at all, but a
		// compound file: see package foreign.
		if part.Flags&1 != 0 {
			return nil, errors.New("the list is a ZIP archive with a password: unpack it first")
		}
		b.parts[partName(part.Name)] = part
	}
	if what := b.foreign(archive.File); what != "" {
		return nil, errors.New("the list is " + what)
	}
	if err := b.load(); err != nil {
		return nil, fmt.Errorf("the workbook cannot be read: %w", err)
	}
	return b, nil
}

// foreign says what an archive is that is no workbook, "" for a workbook. It finds the part that names
// the sheets on the way, since other documents of Office differ from a workbook by it.
func (b *workbook) foreign(files []*zip.File) string {
	switch kind := b.mediaType(); {
	case strings.HasPrefix(kind, "application/vnd.oasis.opendocument."):
		return "an OpenDocument file (" + fault.Cut(kind) + ")" + foreign.SaveAs
	case strings.HasPrefix(kind, "application/hwp"):
		return "a Hangul document (.hwpx)" + foreign.SaveTable
	}
	// Programs other than Excel may name the part otherwise; if the relations are missing, the usual name
	// is tried.
	b.main = "xl/workbook.xml"
	for _, r := range b.relations("") {
		if r.kind() == "officeDocument" {
			b.main = r.target("")
		}
	}
	switch {
	case strings.HasSuffix(b.main, ".bin"), b.parts["xl/workbook.bin"] != nil:
		return "a binary workbook (.xlsb)" + foreign.SaveAs
	case b.holds("word/"), b.holds("ppt/"), strings.HasPrefix(b.main, "word/"), strings.HasPrefix(b.main, "ppt/"):
		return "a Word document or a presentation" + foreign.SaveTable
	case b.parts[b.main] == nil && len(files) > 0:
		return fmt.Sprintf("a ZIP archive that holds %s: unpack it and give the list in it", fault.Cut(files[0].Name))
	case b.parts[b.main] == nil:
		return "a ZIP archive that holds nothing"
	}
	return ""
}

// holds reports whether the archive has parts in a folder.
func (b *workbook) holds(folder string) bool {
	for name := range b.parts {
		if strings.HasPrefix(name, folder) {
			return true
		}
	}
	return false
}

// mediaType returns what OpenDocument and Hangul files say of themselves in their part mimetype, and ""
// for another archive. 200 bytes are more than any such name has.
func (b *workbook) mediaType() string {
	in, err := b.part("mimetype")
	if err != nil {
		return ""
	}
	defer in.Close()
	kind, _ := io.ReadAll(io.LimitReader(in, 200))
	return strings.TrimSpace(string(kind))
}

// partName returns a part's name as it is looked for: some writers begin names
// with a slash, use backslashes, or spell them in another case.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean(strings.ReplaceAll(name, `\`, "/")), "/"))
}

// part opens a part of the archive.
func (b *workbook) part(name string) (io.ReadCloser, error) {
	part, ok := b.parts[name]
	if !ok {
		return nil, fmt.Errorf("it has no part %s", fault.Cut(name))
	}
	in, err := part.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", fault.Cut(name), err)
	}
	return in, nil
}

// unmarshal decodes a part that is held as a whole. One that is longer than maxPart is cut, which is an
// error of its XML.
func (b *workbook) unmarshal(name string, into any) error {
	in, err := b.part(name)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := newXMLDecoder(asUTF8(io.LimitReader(in, maxPart))).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", fault.Cut(name), err)
	}
	return nil
}

// relation is what a part says of another one: ECMA-376 part 2, relationships.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

// kind returns what the other part is: the end of its type, as the rest differs
// between the transitional and the strict form of workbooks.
func (r relation) kind() string { return path.Base(r.Type) }

// target returns the name of the other part, which is written from the folder of
// the part named from, or from the root of the archive.
func (r relation) target(from string) string {
	if strings.HasPrefix(r.Target, "/") {
		return partName(r.Target)
	}
	return partName(path.Join(path.Dir(from), r.Target))
}

// relations returns what the part named of says of others; "" is the archive. It
// returns nothing where it cannot be read: what is missed then is told by name.
func (b *workbook) relations(of string) []relation {
	var list struct {
		Relations []relation `xml:"Relationship"`
	}
	dir, base := path.Split(of)
	_ = b.unmarshal(partName(dir+"_rels/"+base+".rels"), &list)
	return list.Relations
}

// IsArchive reports whether head is that of a ZIP archive, an empty one included.
func IsArchive(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// wholeFile returns what can be sought in, from its beginning. That it was read to some place before
// makes no difference. A pipe is a file, too, but its Seek fails.
func wholeFile(list io.Reader) (*io.SectionReader, bool) {
	file, ok := list.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, false
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, false
	}
	return io.NewSectionReader(file, 0, size), true
}

// Open opens a sheet of a workbook, by its name or for "" the first that Excel shows. in is what is
// left of a list that cannot be sought in: that is kept in a temporary file, as large as the workbook.
// The rows are to be closed.
func Open(list, in io.Reader, name string) (*Rows, error) {
	if section, ok := wholeFile(list); ok {
		return openSheet(section, section.Size(), name)
	}
	file, err := temporary()
	if err != nil {
		return nil, fmt.Errorf("keep the workbook while it is read: %w", err)
	}
	var rows *Rows
	size, err := io.Copy(file, in)
	if err != nil {
		err = fmt.Errorf("keep the workbook while it is read: %w", err)
	} else if rows, err = openSheet(file, size, name); err == nil {
		rows.file = file
		return rows, nil
	}
	file.Close()
	return nil, err
}

// disk is the file of a workbook, and keeps why it could not be read: a part that is passed over then,
// such as relations, would be missed for another reason.
type disk struct {
	file io.ReaderAt
	err  error
}

func (d *disk) ReadAt(p []byte, offset int64) (int, error) {
	n, err := d.file.ReadAt(p, offset)
	if fault.OfFile(err) {
		d.err = err
	}
	return n, err
}
