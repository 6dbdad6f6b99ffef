package list_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// gzipped returns text compressed, each part by itself, one after another.
func gzipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, part := range parts {
		w := gzip.NewWriter(&out)
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func zstandard(t testing.TB, options []zstd.EOption, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, part := range parts {
		w, err := zstd.NewWriter(&out, options...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestCompressedLists(t *testing.T) {
	t.Parallel()
	want := []string{"2 imp_1 kcp", "3 imp_2 kcp"}
	tests := []struct {
		name, compression string
		format            list.Format
		file              []byte
	}{
		{"gzip of a CSV", "gzip", list.CSV, gzipped(t, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n")},
		{"gzip in parts, one cut within a line", "gzip", list.CSV, gzipped(t, "imp_uid,pg\nimp_1,k", "cp\nimp_2,kcp\n")},
		{"gzip of CP949", "gzip", list.CSV, gzipped(t, cp949("거래고유번호,PG사\nimp_1,NHN KCP\nimp_2,NHN KCP\n"))},
		{"gzip of NDJSON", "gzip", list.NDJSON, gzipped(t, "\n{\"imp_uid\":\"imp_1\",\"pg\":\"kcp\"}\n{\"imp_uid\":\"imp_2\",\"pg\":\"kcp\"}")},
		{"gzip of a workbook", "gzip", list.XLSX, gzipped(t, string(workbook(t, row(1, text("A1", "imp_uid"), text("B1", "pg"))+
			row(2, text("A2", "imp_1"), text("B2", "kcp"))+row(3, text("A3", "imp_2"), text("B3", "kcp")))))},
		{"gzip before zero bytes", "gzip", list.CSV, append(gzipped(t, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n"), make([]byte, 10_000)...)},
		{"gzip in parts with zero bytes between", "gzip", list.CSV, slices.Concat(
			gzipped(t, "imp_uid,pg\nimp_1,k"), make([]byte, 512), gzipped(t, "cp\nimp_2,kcp\n"), make([]byte, 3))},
		{"zstd", "zstd", list.CSV, zstandard(t, nil, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n")},
		{"gzip after a byte-order mark", "gzip", list.CSV, append([]byte("\xEF\xBB\xBF"), gzipped(t, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n")...)},
		{"zstd before a line end", "zstd", list.CSV, append(zstandard(t, nil, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n"), '\n')},
		{"zstd before a line end of DOS", "zstd", list.CSV, append(zstandard(t, nil, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n"), "\r\n"...)},
		{"zstd before three bytes", "zstd", list.CSV, append(zstandard(t, nil, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n"), "\x00\r\n"...)},
		{"zstd after a byte-order mark", "zstd", list.CSV, append([]byte("\xEF\xBB\xBF"), zstandard(t, nil, "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n")...)},
		{"zstd in parts, after one to be skipped", "zstd", list.CSV, append([]byte("\x50\x2A\x4D\x18\x02\x00\x00\x00xx"),
			zstandard(t, nil, "imp_uid,pg\nimp_1,", "kcp\nimp_2,kcp\n")...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(bytes.NewReader(test.file), list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			if diff := cmp.Diff(want, rest(t, reader)); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			layout := reader.Layout()
			if layout.Compression != test.compression || layout.Format != test.format {
				t.Errorf("Layout() = %+v, want compression %s and format %s", layout, test.compression, test.format)
			}
		})
	}
}

// What is cut short is not taken for the end of the list, also between two lines.
func TestCompressedListThatIsDamaged(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	lines.WriteString("imp_uid\n")
	for i := range 20_000 {
		fmt.Fprintf(&lines, "imp_%d\n", i*7919%1_000_003)
	}
	zipped := gzipped(t, lines.String())
	packed := zstandard(t, nil, lines.String())
	tests := []struct {
		name, want string
		file       []byte
	}{
		{"gzip cut short", "the gzip file is cut short", zipped[:len(zipped)/2]},
		{"gzip without its checksum", "the gzip file is cut short", zipped[:len(zipped)-6]},
		{"gzip with another checksum", "the gzip file cannot be unpacked: gzip: invalid checksum", append(zipped[:len(zipped)-8:len(zipped)-8], "12345678"...)},
		{"gzip cut within its header", "the gzip file is cut short", zipped[:5]},
		{"gzip with something after it", "what follows the gzip data is not compressed", append(zipped[:len(zipped):len(zipped)], "something else"...)},
		{"gzip with a little after it", "what follows the gzip data is not compressed", append(zipped[:len(zipped):len(zipped)], 'x')},
		{"gzip with something after zero bytes", "what follows the gzip data is not compressed", append(zipped[:len(zipped):len(zipped)], "\x00\x00x"...)},
		{"gzip with half a part after it", "the gzip file is cut short", append(zipped[:len(zipped):len(zipped)], zipped[:5]...)},
		{"zstd with something after it", "what follows the zstd data is not compressed", append(packed[:len(packed):len(packed)], "something else"...)},
		{"zstd with a little after it", "what follows the zstd data is not compressed", append(packed[:len(packed):len(packed)], "abc"...)},
		{"zstd with a byte after it", "what follows the zstd data is not compressed", append(packed[:len(packed):len(packed)], 'x')},
		{"zstd cut short", "the zstd file is cut short", packed[:len(packed)/2]},
		{"zstd with a window that is too large", "make it again without --ultra and --long", []byte("\x28\xB5\x2F\xFD\x00\xB0")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(bytes.NewReader(test.file), list.Options{})
			last := 0
			for err == nil {
				var row list.Row
				if row, err = reader.Read(); err == nil {
					last = row.Line
				}
			}
			if err == io.EOF || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if at := fmt.Sprintf("line %d: ", last+1); last > 0 && !strings.HasPrefix(err.Error(), at) {
				t.Errorf("error %v, want it at %s", err, at)
			}
		})
	}
}

// Wherever a file of zstd is cut, a part of its list is not taken for the whole.
func TestCutZstdIsNeverTakenForWhole(t *testing.T) {
	t.Parallel()
	var parts []string
	for i := range scale.Of(10, 40) {
		parts = append(parts, fmt.Sprintf("imp_%d", i), "\n")
	}
	for _, checksum := range []bool{true, false} {
		testCutZstd(t, zstandard(t, []zstd.EOption{zstd.WithEncoderCRC(checksum)}, append([]string{"imp_uid\n"}, parts...)...))
	}
}

func testCutZstd(t *testing.T, packed []byte) {
	t.Helper()
	whole := read(t, bytes.NewReader(packed), list.Options{})
	for size := 5; size < len(packed); size++ {
		reader, err := list.NewReader(bytes.NewReader(packed[:size]), list.Options{})
		rows := 0
		for ; err == nil; rows++ {
			_, err = reader.Read()
		}
		if err == io.EOF && rows-1 != len(whole) && size != boundary(packed, size) {
			t.Errorf("%d of %d bytes: %d of %d rows were read, and no error", size, len(packed), rows-1, len(whole))
		}
	}
}

// boundary returns size if a frame begins there, else 0.
func boundary(packed []byte, size int) int {
	if bytes.HasPrefix(packed[size:], []byte("\x28\xB5\x2F\xFD")) {
		return size
	}
	return 0
}

// onDisk is a file with one byte that its disk cannot read.
type onDisk struct {
	*bytes.Reader
	bad int64
}

func (d onDisk) Read(p []byte) (int, error) {
	at := d.Size() - int64(d.Len())
	if left := d.bad - at; left < int64(len(p)) {
		p = p[:max(left, 0)]
	}
	if len(p) == 0 {
		return 0, &fs.PathError{Op: "read", Path: "refunds", Err: syscall.EIO}
	}
	return d.Reader.Read(p)
}

func (d onDisk) ReadAt(p []byte, at int64) (int, error) {
	if at <= d.bad && d.bad < at+int64(len(p)) {
		return 0, &fs.PathError{Op: "read", Path: "refunds", Err: syscall.EIO}
	}
	return d.Reader.ReadAt(p, at)
}

// A disk that cannot be read makes no broken list, wherever its bad byte is.
func TestDiskThatCannotBeRead(t *testing.T) {
	t.Parallel()
	csv := "imp_uid,pg\nimp_1,kcp\nimp_2,kcp\n"
	for name, file := range map[string][]byte{
		"CSV": []byte(csv), "gzip": gzipped(t, csv, csv), "zstd": zstandard(t, nil, csv, csv),
		"workbook": workbook(t, row(1, text("A1", "imp_uid"))+row(2, text("A2", "imp_1"))+row(3, text("A3", "imp_2"))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := 0
			for bad := range file {
				reader, err := list.NewReader(onDisk{bytes.NewReader(file), int64(bad)}, list.Options{})
				var line *list.LineError
				for err == nil || errors.As(err, &line) {
					_, err = reader.Read()
				}
				if err == io.EOF && name == "workbook" {
					continue // not every byte of an archive is read
				}
				failed++
				wrong := strings.Contains(err.Error(), "unpack") || strings.Contains(err.Error(), "damaged")
				if wrong || !errors.Is(err, syscall.EIO) || errors.Is(err, list.ErrBroken) {
					t.Fatalf("byte %d of %d: got %v, want what the disk says", bad, len(file), err)
				}
			}
			if failed == 0 {
				t.Error("no byte was needed")
			}
		})
	}
}
