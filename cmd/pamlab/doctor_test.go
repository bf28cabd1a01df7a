package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/doctor"
)

// OpenSSL knows what crypto/tls does not: suites with DHE, which two of the four
// suites that IHE names have. A server that takes nothing else is told for what
// it is.
func TestInteropDoctorKnowsAServerOfDHEAlone(t *testing.T) {
	needOpenSSL(t)
	at := testPKI(t)
	args := append(identityArgs(at, "rsa-2048"), "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384")
	r := diagnose(t, at, sServer(t, args...))
	require.Equal(t, scenarios.ExitUnjudged, r.Exit)
	c := r.Check(doctor.CheckVersions)
	require.Len(t, c.Findings, 1)
	require.Equal(t, "versions.dhe-only", c.Findings[0].Code)
	require.Equal(t, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", r.Facts.Versions[2].Suite)
}

// OpenSSL takes old versions when it is told to, and is no MLLP receiver.
func TestInteropDoctorLooksAtOpenSSL(t *testing.T) {
	needOpenSSL(t)
	at := testPKI(t)
	r := diagnose(t, at, sServer(t, append(identityArgs(at, "p-384"), "-CAfile", at("ca.pem"), "-Verify", "3")...))
	require.Equal(t, scenarios.ExitFailed, r.Exit)
	for _, v := range r.Facts.Versions {
		require.True(t, v.Accepted, v.Version)
	}
	require.True(t, *r.Facts.Chain.Trusted)
	require.True(t, r.Facts.Identity.Asks)
	require.Equal(t, "echo.no-answer", r.Check(doctor.CheckEcho).Findings[0].Code)
}

func diagnose(t *testing.T, at func(string) string, addr string) *doctor.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return doctor.Run(ctx, doctor.Options{
		Addr: addr, Answer: 300 * time.Millisecond, Idle: 10 * time.Millisecond,
		Files: &mllp.Files{CA: at("ca.pem"), Cert: at("gam.pem"), Key: at("gam-key.pem")},
	})
}
