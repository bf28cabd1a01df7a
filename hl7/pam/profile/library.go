package profile

import (
	"cmp"
	"embed"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/*.txt
var dataFiles embed.FS

// The largest files once more, as strings: the compiler keeps one copy of both,
// and a string is there without being read. A file that is missing here is read.
var (
	//go:embed data/pam-2.5.txt
	pam25 string
	//go:embed data/pam-fr-2.11.2.txt
	pamFR2112 string
)

// inPlace returns the text of a file in the program that need not be read, or "".
func inPlace(name string) string {
	switch name {
	case "pam-2.5":
		return pam25
	case "pam-fr-2.11.2":
		return pamFR2112
	}
	return ""
}

// Load returns a profile by its name or by that of its dialect, which means the
// newest profile of the dialect; "" is [DefaultDialect]. A profile is read when
// it is first asked for. A name that is neither is an [*UnknownError].
func Load(name string) (*Profile, error) { return shipped().load(name) }

// Names returns the names of all profiles, sorted.
func Names() []string { return shipped().profiles() }

// shipped is the library of the files in the program.
var shipped = sync.OnceValue(func() *library {
	l, err := newLibrary(dataFiles, "data")
	if err != nil { // not possible: the compiler has put the directory there
		l = &library{}
	}
	l.inPlace = inPlace
	return l
})

// library reads profiles from the files of a directory, name.txt each.
type library struct {
	files fs.FS
	dir   string
	names []string
	shelf map[string]*volume

	// inPlace returns the text of a file that need not be read, or "".
	inPlace func(name string) string

	once     sync.Once
	headings map[string]headings // by name; see about

	// strict compiles all grammars at once. Tests do that; a program compiles
	// those that it needs.
	strict bool
}

// headings are what is asked about files without reading them as profiles.
type headings struct{ dialect, pam string }

// about returns the headings of a file. All are read when the first is asked
// for, because those who look for a profile look at all of them, and often.
func (l *library) about(name string) headings {
	l.once.Do(func() {
		l.headings = make(map[string]headings, len(l.names))
		piece := make([]byte, chunk/4) // headings are short
		for _, n := range l.names {
			text := l.inPlace(n)
			if text == "" {
				text, _ = l.beginning(n, piece, mostHeadings, "\n\n") // one that cannot be read has none
			}
			l.headings[n] = headings{heading(text, "dialect"), heading(text, "pam")}
		}
	})
	return l.headings[name]
}

// volume is a profile that is read at most once.
type volume struct {
	once    sync.Once
	profile *Profile
	err     error
}

func newLibrary(files fs.FS, dir string) (*library, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	l := &library{files: files, dir: dir, shelf: map[string]*volume{}, inPlace: func(string) string { return "" }}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".txt"); ok && !e.IsDir() {
			l.names = append(l.names, name)
			l.shelf[name] = &volume{}
		}
	}
	slices.Sort(l.names)
	return l, nil
}

func (l *library) load(name string) (*Profile, error) {
	if name == "" {
		name = DefaultDialect
	}
	if v := l.shelf[name]; v != nil {
		p, err := l.open(name, v)
		if err != nil || p.Dialect != "" {
			return p, err
		}
		return nil, l.unknown(name) // it is there to be borrowed from
	}
	newest := l.newest(name)
	if newest == "" {
		return nil, l.unknown(name)
	}
	return l.open(newest, l.shelf[newest])
}

func (l *library) unknown(name string) error {
	all := l.profiles()
	for _, n := range l.names {
		all = append(all, l.about(n).dialect)
	}
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(n string) bool { return n == "" })
	return &UnknownError{Name: name, Near: near(name, all), all: all}
}

func (l *library) open(name string, v *volume) (*Profile, error) {
	v.once.Do(func() { v.profile, v.err = l.read(name, 0) })
	return v.profile, v.err
}

// newest returns the newest profile of a dialect, or "".
func (l *library) newest(dialect string) (name string) {
	version := ""
	for _, n := range l.names {
		own := l.about(n)
		if own.dialect != "" && own.dialect == dialect && (name == "" || compareVersions(own.pam, version) > 0) {
			name, version = n, own.pam
		}
	}
	return name
}

// heading returns the value of a heading, which stand before the first empty
// line.
func heading(text, key string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			break
		}
		if value, ok := strings.CutPrefix(line, key); ok && value != "" && value[0] == '\t' {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// profiles returns the names of the files that have a dialect. Those without
// one are there to be extended and borrowed from.
func (l *library) profiles() []string {
	return slices.DeleteFunc(slices.Clone(l.names), func(name string) bool {
		return l.about(name).dialect == ""
	})
}

// compareVersions compares numbers like 2.9 and 2.11.1.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.Atoi(x)
		n, _ := strconv.Atoi(y)
		if c := cmp.Compare(m, n); c != 0 {
			return c
		}
	}
	return 0
}

// mostText bounds a data file: the largest in the program has 100 kB.
const mostText = 4 << 20

// mostHeadings bounds where the headings of a file stand.
const mostHeadings = 8 << 10

// text reads a data file.
func (l *library) text(name string) (string, error) {
	if text := l.inPlace(name); text != "" {
		return text, nil
	}
	return l.beginning(name, make([]byte, chunk), mostText, "")
}

// chunk is how much of a data file is read at a time. Memory that is touched for
// the first time is what a program that judges one message waits for most: so a
// small piece is used again, and no more is read of a file than is asked for.
const chunk = 2 << 10

// beginning reads the first bytes of a data file piece by piece, or, where end is
// not empty, what stands before its first occurrence and perhaps some of the rest.
func (l *library) beginning(name string, piece []byte, most int, end string) (string, error) {
	f, err := l.files.Open(l.dir + "/" + name + ".txt")
	if err != nil {
		return "", err
	}
	defer f.Close()
	var text strings.Builder
	if info, err := f.Stat(); err == nil && end == "" {
		text.Grow(int(min(info.Size(), int64(most))))
	}
	for text.Len() < most {
		n, err := f.Read(piece[:min(len(piece), most-text.Len())])
		text.Write(piece[:n])
		switch {
		case err == io.EOF, err == nil && end != "" && strings.Contains(text.String(), end):
			return text.String(), nil
		case err != nil:
			return text.String(), err
		}
	}
	return text.String(), nil
}

// mostAncestors bounds how many files extend each other.
const mostAncestors = 32

// read makes a profile. Where its definitions come from, and what they are
// called, is read when somebody asks: a message without findings never does.
func (l *library) read(name string, depth int) (*Profile, error) {
	p, err := l.build(name, depth, l.strict)
	if err != nil || l.strict {
		return p, err
	}
	p.origins = sync.OnceValue(func() map[place]*origin {
		whole, err := l.build(name, depth, true)
		if err != nil { // not possible: tests read all files strictly
			return nil
		}
		return whole.origins()
	})
	return p, nil
}

// build makes a profile of its file and those that it extends, as a whole or
// without origins.
func (l *library) build(name string, depth int, whole bool) (*Profile, error) {
	b := newBuilder(l, name, depth, whole)
	var chain []source
	for next := name; next != ""; {
		text, err := l.text(next)
		if err != nil || len(chain) == mostAncestors {
			return nil, b.fileError(name, "extends what cannot be read: "+next, "prolonge ce qui ne peut être lu : "+next)
		}
		chain = append(chain, source{next, text})
		next = heading(text, "extends")
	}
	slices.Reverse(chain)
	for _, s := range chain {
		if err := b.file(s); err != nil {
			return nil, err
		}
	}
	return b.finish()
}

// source is the text of a data file.
type source struct{ name, text string }
