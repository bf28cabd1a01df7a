package mllp_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// The soak: 1,000 good connections exchange at a steady rate with a server that
// 200 hostile peers of every kind trouble without pause; and at the same time as
// many with a server like it, that is left in peace. Certificates are renewed
// all the while. What it asserts:
//
//   - no acknowledgement on the good connections is lost, duplicated or
//     misordered, no good connection ends, and the rate is kept;
//   - every new handshake shows the renewed certificates;
//   - the server's memory (RSS, the lower quartile) and goroutines (the median) in
//     the second half are those of the first half, within soakRise, soakMemory and
//     soakMore;
//   - the 99th percentile of the time from the moment when a message is due to
//     its acknowledgement is at most soakRatio times that of the server in peace,
//     in a typical second (the median over the seconds), and where that is below
//     soakFloor, at most soakRatio times soakFloor;
//   - afterwards the server shuts down and leaves no goroutine.
//
// The run without hostile peers happens at the same time, because everything
// shares one machine with who knows what else: a minute later, its processors may
// be busy or idle, and a ratio would say more about that than about the server.
//
// Both servers, and the hostile peers, are processes of their own (this test
// binary again): what is measured of one is not that of the others.
const (
	soakEvery   = time.Second      // between two messages of a good connection
	soakRenewal = 10 * time.Second // between two renewals of the certificates

	// soakPatience is how long one waits for another on a machine that is busy with
	// something else: what takes longer is lost.
	soakPatience = 2 * time.Minute

	soakRatio  = 3
	soakFloor  = 5 * time.Millisecond
	soakRise   = 0.20     // of memory, and
	soakMemory = 16 << 20 // bytes more, which a garbage collector may leave lying about
	soakMore   = 50       // goroutines, and a tenth
)

// soakPlan is what the environment asks for.
type soakPlan struct {
	length        time.Duration // PAMLAB_SOAK
	good, hostile int           // PAMLAB_SOAK_CONNS: of the good ones; a fifth as many are hostile
}

func planSoak(t *testing.T) soakPlan {
	t.Helper()
	text := os.Getenv("PAMLAB_SOAK")
	if text == "" {
		t.Skip("PAMLAB_SOAK is not set: see make soak")
	}
	length, err := time.ParseDuration(text)
	require.NoError(t, err, "PAMLAB_SOAK")
	p := soakPlan{length: length, good: 1000}
	if text := os.Getenv("PAMLAB_SOAK_CONNS"); text != "" {
		p.good, err = strconv.Atoi(text)
		require.NoError(t, err, "PAMLAB_SOAK_CONNS")
	}
	p.hostile = max(p.good/5, 1)
	// This process has a descriptor for each good connection to either server; no
	// other process needs more.
	const others = 100
	if want := 2*p.good + others; openable(want) < want {
		require.Empty(t, os.Getenv("PAMLAB_REQUIRE_PEERS"), "the gate wants the whole soak: %d files may have to be open (ulimit -n)", want)
		was := p.good
		p.good = max((openable(want)-others)/2, 1)
		p.hostile = max(p.good/5, 1)
		t.Logf("too few files may be open (ulimit -n) for %d good connections: the soak has %d", was, p.good)
	}
	return p
}

// openable is how many further files this process may open, up to enough.
func openable(enough int) int {
	var all []*os.File
	for range enough {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		all = append(all, f)
	}
	for _, f := range all {
		f.Close()
	}
	return len(all)
}

func TestSoak(t *testing.T) {
	plan := planSoak(t)
	dir := filepath.Join(t.TempDir(), "pki")
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	_, err = pki.Bad(dir, pki.BadOptions{})
	require.NoError(t, err)

	task := childTask{Role: "server", Dir: dir, Good: plan.good, Hostile: plan.hostile}
	servers := []*child{startChild(t, task), startChild(t, task)} // in peace, and not
	var good []*goodPeers
	for _, s := range servers {
		task.Addr = s.next(t).Addr
		good = append(good, connectGood(t, task.Addr, dir, plan.good))
	}
	task.Role = "hostile"
	hostile := startChild(t, task)
	hostile.next(t)

	start := time.Now()
	renewals := renew(t, task.Addr, dir)
	calm, rough := exchangeBoth(t.Context(), good, plan.length)
	renewed := renewals()
	peers := hostile.end(t)
	calmLast, roughLast := exchangeBoth(t.Context(), good, soakEvery) // what is left over would come now
	var ended []childReport
	for i, s := range servers {
		good[i].close()
		ended = append(ended, s.end(t))
	}

	first, second := halves(servers[1].reports(), start, plan.length)
	fmt.Printf("soak: %d good connections, a message every %v on each, mutual TLS with revocation lists, %d renewals of the certificates\n", plan.good, soakEvery, renewed.done)
	fmt.Printf("%d hostile peers made %d connections of %d kinds; %d could not be made\n", plan.hostile, peers.connections(), len(peers.Kinds), peers.Refused)
	fmt.Print(soakTable(calm, rough, first, second))

	for _, r := range []goodResult{calm, rough, calmLast, roughLast} {
		require.Empty(t, r.problems)
		require.Zero(t, r.lost+r.wrong+r.extra+r.reopened, "lost, wrong or unsolicited acknowledgements, or lost connections")
	}
	require.Greater(t, len(rough.acks), plan.good*int(plan.length/soakEvery)*9/10, "the rate was not kept")
	require.Empty(t, renewed.problems)
	require.GreaterOrEqual(t, renewed.done, int(plan.length/soakRenewal)-1)
	for i, e := range ended {
		require.Zero(t, e.Wrong, "messages that the server saw twice, or out of order")
		require.Equal(t, good[i].sent(), e.Handled, "messages handled, and sent")
		require.Empty(t, e.Left, "after Shutdown")
	}
	for kind, n := range peers.Kinds {
		require.True(t, n > 0 || plan.hostile < len(peers.Kinds), "no %s", kind)
	}
	require.True(t, min(first.RSS, second.RSS) > 0 && min(first.Goroutines, second.Goroutines) > 0, "the server was not measured")
	require.LessOrEqual(t, second.RSS, int64(float64(first.RSS)*(1+soakRise))+soakMemory, "the server's memory grows")
	require.LessOrEqual(t, second.Goroutines, first.Goroutines*11/10+soakMore, "the server's goroutines become more")
	require.LessOrEqual(t, rough.typical99(), soakRatio*max(calm.typical99(), soakFloor), "the 99th percentile beside hostile peers")
}

// exchangeBoth exchanges with both servers for a while.
func exchangeBoth(ctx context.Context, good []*goodPeers, length time.Duration) (calm, rough goodResult) {
	var both sync.WaitGroup
	both.Go(func() { calm = good[0].exchange(ctx, length) })
	both.Go(func() { rough = good[1].exchange(ctx, length) })
	both.Wait()
	return calm, rough
}

// halves are what the server reported in either half of the time, after a tenth
// of it, in which it warms up.
func halves(all []childReport, from time.Time, length time.Duration) (first, second childReport) {
	begin, middle, end := from.Add(length/10), from.Add(length*11/20), from.Add(length)
	var a, b []childReport
	for _, r := range all {
		switch at := r.At; {
		case at.After(begin) && at.Before(middle):
			a = append(a, r)
		case at.After(middle) && at.Before(end):
			b = append(b, r)
		}
	}
	return typical(a), typical(b)
}

// typical sums up reports: the median of the goroutines, and of memory the lower
// quartile. Large messages and garbage come and go above that; what leaks stays
// below it.
func typical(all []childReport) childReport {
	return childReport{
		RSS:        quantile(all, 1, 4, func(r childReport) int64 { return r.RSS }),
		Heap:       quantile(all, 1, 4, func(r childReport) int64 { return r.Heap }),
		Goroutines: quantile(all, 1, 2, func(r childReport) int { return r.Goroutines }),
	}
}

func soakTable(calm, rough goodResult, first, second childReport) string {
	line := func(what string, format string, a, b any) string {
		return fmt.Sprintf("  %-34s "+format+"\n", what, a, b)
	}
	s := line("", "%14s %14s", "in peace", "beside hostile")
	s += line("exchanges", "%14d %14d", len(calm.acks), len(rough.acks))
	s += line("lost or wrong acknowledgements", "%14d %14d", calm.lost+calm.wrong, rough.lost+rough.wrong)
	s += line("duplicated or unsolicited", "%14d %14d", calm.extra, rough.extra)
	s += line("connections lost", "%14d %14d", calm.reopened, rough.reopened)
	for _, q := range []float64{50, 99, 99.9, 100} {
		a, b := within(calm.acks, q), within(rough.acks, q)
		s += line(fmt.Sprintf("acknowledged after, %v %%", q), "%14v %14v", a.Round(10*time.Microsecond), b.Round(10*time.Microsecond))
	}
	a, b := calm.typical99(), rough.typical99()
	s += line("99 %, in a typical second", "%14v %14v", a.Round(10*time.Microsecond), b.Round(10*time.Microsecond))
	s += fmt.Sprintf("  %-34s %29.2f\n", "times as long", float64(b)/float64(max(a, 1)))
	s += line("the server beside hostile peers", "%14s %14s", "first half", "second half")
	s += line("memory (RSS, lower quartile), MiB", "%14.1f %14.1f", float64(first.RSS)/(1<<20), float64(second.RSS)/(1<<20))
	s += line("live heap (lower quartile), MiB", "%14.1f %14.1f", float64(first.Heap)/(1<<20), float64(second.Heap)/(1<<20))
	s += line("goroutines (median)", "%14d %14d", first.Goroutines, second.Goroutines)
	return s
}

// renewed is what came of the renewals.
type renewed struct {
	done     int
	problems []string
}

// renew replaces the certificates of both ends every soakRenewal, and looks
// whether a new connection shows them, until the function that it returns is
// called.
func renew(t *testing.T, addr, dir string) func() renewed {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var r renewed
	done := make(chan struct{})
	config := clientConfig(t, soakFiles(dir, "gam"))
	go func() {
		defer close(done)
		tick := time.NewTicker(soakRenewal)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			c := patient(addr, config)
			if err := renewOnce(dir, c); err != nil {
				r.problems = append(r.problems, err.Error())
			}
			c.Close()
			r.done++
		}
	}()
	return func() renewed {
		cancel()
		<-done
		return r
	}
}

func renewOnce(dir string, c *mllp.Client) error {
	serials := map[string]string{}
	for _, role := range []string{"dmn", "gam"} {
		made, err := pki.Issue(dir, pki.IssueOptions{Names: []string{"localhost", "127.0.0.1", role + ".test"}, As: role, Force: true})
		if err != nil {
			return err
		}
		serials[role] = made.Infos[0].Serial
	}
	r, err := c.Do(context.Background(), []byte(whoAmI))
	switch {
	case err != nil:
		return err
	case r.Conn.TLS.PeerCertificates[0].SerialNumber.Text(16) != serials["dmn"]:
		return fmt.Errorf("a new handshake shows an old certificate of the server")
	case string(r.Payload) != serials["gam"]:
		return fmt.Errorf("a new handshake shows an old certificate of the client")
	}
	return nil
}

// soakFiles are the files of an identity, with the revocation lists.
func soakFiles(dir, name string) mllp.Files {
	return mllp.Files{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, name+".pem"), Key: filepath.Join(dir, name+"-key.pem"),
		Revocation: mllp.RevocationRequired, CRL: []string{filepath.Join(dir, "crl.pem")},
		OnReload: func(error) {}, // between two files of a renewal, one does not belong to the other
	}
}
