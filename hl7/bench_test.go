package hl7_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/internal/flatindex"
)

// The parser is held against a flat index. Run both together and compare ratios only:
//
//	go test -run '^$' -bench 'FlatIndex|Parse|RoundTrip' -cpu 1 -count 5 ./hl7/

// sink keeps the compiler from removing what is measured.
var sink int

func benchmark(b *testing.B, messages [][]byte, f func([]byte)) {
	total := 0
	for _, m := range messages {
		total += len(m)
	}
	b.SetBytes(int64(total / len(messages)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f(messages[i%len(messages)])
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func BenchmarkFlatIndex(b *testing.B) {
	benchmark(b, benchMessages(), func(m []byte) { sink = len(flatindex.Of(m)) })
}

func BenchmarkParse(b *testing.B) {
	benchmark(b, benchMessages(), func(data []byte) {
		m, err := hl7.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		sink = m.NumSegments()
	})
}

func BenchmarkParseGet3(b *testing.B) {
	name, id, stay := hl7.MustPath("PID-5.1"), hl7.MustPath("PID-3.1"), hl7.MustPath("PV1-19.1")
	benchmark(b, benchMessages(), func(data []byte) {
		m, err := hl7.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		sink = len(m.Lookup(name).Raw()) + len(m.Lookup(id).Raw()) + len(m.Lookup(stay).Raw())
	})
}

// BenchmarkParseGet3Text reads the same fields as text: decoded, unescaped.
func BenchmarkParseGet3Text(b *testing.B) {
	name, id, stay := hl7.MustPath("PID-5.1"), hl7.MustPath("PID-3.1"), hl7.MustPath("PV1-19.1")
	benchmark(b, benchMessages(), func(data []byte) {
		m, err := hl7.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		sink = len(m.Lookup(name).String()) + len(m.Lookup(id).String()) + len(m.Lookup(stay).String())
	})
}

// BenchmarkRoundTrip parses a message and writes it into a buffer of its own.
func BenchmarkRoundTrip(b *testing.B) {
	benchmark(b, benchMessages(), func(data []byte) {
		m, err := hl7.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		sink = len(append([]byte(nil), m.Bytes()...))
	})
}

func BenchmarkFlatIndex1MB(b *testing.B) {
	benchmark(b, [][]byte{bigMessage(1 << 20)}, func(m []byte) { sink = len(flatindex.Of(m)) })
}

func BenchmarkParse1MB(b *testing.B) {
	benchmark(b, [][]byte{bigMessage(1 << 20)}, func(data []byte) {
		m, err := hl7.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		sink = m.NumSegments()
	})
}

// BenchmarkAcknowledge is what a server does for each message before it
// answers.
func BenchmarkAcknowledge(b *testing.B) {
	ack := hl7.Ack{Code: hl7.AA, ControlID: "R00017", Time: ackTime}
	var buffer []byte
	benchmark(b, benchMessages(), func(data []byte) {
		h, err := hl7.ParseHeader(data)
		if err != nil {
			b.Fatal(err)
		}
		buffer = ack.Append(buffer[:0], h)
		sink = len(buffer)
	})
}

// BenchmarkReadAck is what a client does with each answer.
func BenchmarkReadAck(b *testing.B) {
	const msh = `MSH|^~\&|R|RF|S|SF|20260105101502||ACK^A01^ACK|R00017|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8`
	for name, data := range map[string][]byte{
		"accepted": segments(msh, "MSA|AA|S00042"),
		"refused":  segments(msh, "MSA|AE|S00042", "ERR||PID^1^3^1^4|101^Required field missing^HL70357|E|||diag|user"),
	} {
		b.Run(name, func(b *testing.B) {
			benchmark(b, [][]byte{data}, func(data []byte) {
				r, err := hl7.ReadAck(data)
				if err != nil {
					b.Fatal(err)
				}
				sink = len(r.MessageID)
			})
		})
	}
}

func BenchmarkSet(b *testing.B) {
	p := hl7.MustPath("PID-8")
	benchmark(b, benchMessages(), func(data []byte) {
		m, err := hl7.Parse(data)
		if err == nil {
			err = m.Set(p, "U")
		}
		if err != nil {
			b.Fatal(err)
		}
	})
}

// TestBenchMessages keeps the messages comparable with those that the target
// figures were measured on: twenty, of 1,274 bytes in the mean.
func TestBenchMessages(t *testing.T) {
	messages := benchMessages()
	require.Len(t, messages, 20)
	total := 0
	for _, data := range messages {
		total += len(data)
		m, err := hl7.Parse(data)
		require.NoError(t, err)
		require.Equal(t, data, m.Bytes())
		require.Empty(t, m.Oddities())
		require.NoError(t, m.CheckText())
		require.NotEmpty(t, m.Get("PID-5.1"))
		require.NotEmpty(t, m.Get("PID-3.1"))
		require.NotEmpty(t, m.Get("PV1-19.1"))
	}
	require.InDelta(t, 1274, total/len(messages), 60)
}

// TestAllocations holds the figures that must not depend on the machine.
func TestAllocations(t *testing.T) {
	data := benchMessages()[0]
	name := hl7.MustPath("PID-5.1")
	for _, c := range []struct {
		name string
		most float64
		f    func()
	}{
		{"Parse", 3, func() { _, _ = hl7.Parse(data) }},
		{"ParseHeader", 1, func() { _, _ = hl7.ParseHeader(data) }},
	} {
		require.LessOrEqual(t, testing.AllocsPerRun(100, c.f), c.most, c.name)
	}
	m, err := hl7.Parse(data)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { sink = len(m.Lookup(name).Raw()) }), "Lookup")
	h, buffer := m.Header(), make([]byte, 0, 512)
	ack := hl7.Ack{Code: hl7.AA, ControlID: "R00017", Time: ackTime}
	require.Zero(t, testing.AllocsPerRun(100, func() { sink = len(ack.Append(buffer, h)) }), "Ack.Append")
}

// benchMessages are movements of invented patients, as a French admission
// system would send them.
func benchMessages() [][]byte {
	type patient struct{ family, given, birthday, sex, city string }
	patients := []patient{
		{"BÉRANGER-LHOSTE", "Anaïs^Anaïs Héloïse", "19791102", "F", "SAINT-ÉTIENNE"},
		{"D'ÉPINOY", "Théo^Théo Jérôme", "19580623", "M", "BESANÇON"},
		{"LE GOFF", "Maëlle^Maëlle", "20240229", "F", "QUIMPERLÉ"},
		{"VAN DER STRÆTEN", "Côme^Côme Noël Joël", "19441231", "M", "DUNKERQUE"},
	}
	events := strings.Fields("A01 A02 A03 A04 A05 A06 A07 A08 A11 A12 A13 A14 A21 A22 A28 A31 A38 A52 A54 Z99")
	var messages [][]byte
	for i, event := range events {
		p := patients[i%len(patients)]
		s := []string{
			fmt.Sprintf(`MSH|^~\&|GAM|CH-IMAGINAIRE|DMN|CH-IMAGINAIRE|202601%02d101500||ADT^%s^ADT_A01|BENCH%06d|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8|FR`, i+1, event, i),
			fmt.Sprintf("EVN||202601%02d101500||||202601%02d101000", i+1, i+1),
			fmt.Sprintf("PID|||90000%05d^^^CH-IMAGINAIRE&1.2.250.1.999.7.1&ISO^PI~2%07d^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS||%s^%s^^^^L~%s^%s^^^^D||%s|%s|||14 rue de l'Église^^%s^^42000^FRA^H~^^%s^^42218^FRA^BDL^^42218||^PRN^PH^^^^^^^^^0477000000~^NET^Internet^patient%d@example.org|||||9%07d^^^CH-IMAGINAIRE&1.2.250.1.999.7.1&ISO^AN||||||||||||||VALI", i, i, p.family, p.given, p.family, p.given, p.birthday, p.sex, p.city, p.city, i, i),
			"PD1||||99700000001^MÉDECIN^Traitant^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS",
			fmt.Sprintf("PV1|1|I|6268^CH12^LIT%d^420000001&1.2.250.1.71.4.2.2&ISO|R||6270^CH3^LIT1|99700000002^SOIGNANT^Référente^^^Dr^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS|||181|||||||||V%07d^^^CH-IMAGINAIRE&1.2.250.1.999.7.1&ISO^VN|||||||||||||||||||||||||20260105080000", i%4+1, i),
			fmt.Sprintf("ZBE|MVT%06d^CH-IMAGINAIRE^1.2.250.1.999.7.1^ISO|202601%02d101000||INSERT|N||Chirurgie générale^^^^^CH-IMAGINAIRE&1.2.250.1.999.7.1&ISO^UF^^^6268|Unité d'hébergement^^^^^CH-IMAGINAIRE&1.2.250.1.999.7.1&ISO^UF^^^6268|HMS", i, i+1),
		}
		if i%2 == 0 {
			s = append(s, "ZFA|||||||||NA||NA", "ZFV|420000002^20260104||||8 place du Marché, bâtiment C, deuxième étage^^ROANNE CEDEX^^42300^FRA^ORI", "ZFD||||N||20260104|INSI", "NK1|1|BÉRANGER^Lucie|MTH^Mère^HL70063|||^PRN^PH")
		}
		messages = append(messages, []byte(strings.Join(s, "\r")+"\r"))
	}
	return messages
}

// bigMessage returns a message of at least size bytes, most of them in OBX.
func bigMessage(size int) []byte {
	b := benchMessages()[7]
	for i := 1; len(b) < size; i++ {
		b = fmt.Appendf(b, "OBX|%d|TX|11506-3^Note d'évolution^LN|%d|Patient calme, apyrétique~Revu à J+%d, traitement inchangé||||||F|||202601%02d%02d0000||99700000002^SOIGNANT^Référente\r", i, i, i%9, i%28+1, i%24)
	}
	return b
}
