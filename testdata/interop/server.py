# A receiver made of Debian's python3-hl7, as its documentation shows it: every
# message is answered with create_ack. Usage: server.py PORT [CA CERT KEY]
import asyncio
import ssl
import sys

from hl7.mllp import start_hl7_server


async def serve(reader, writer):
    try:
        while not writer.is_closing():
            message = await reader.readmessage()
            writer.writemessage(message.create_ack())
            await writer.drain()
    except asyncio.IncompleteReadError:
        pass
    finally:
        writer.close()


async def main(port, ca=None, cert=None, key=None):
    context = None
    if ca:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
        context.load_cert_chain(cert, key)
        context.verify_mode = ssl.CERT_REQUIRED
    server = await start_hl7_server(serve, "127.0.0.1", int(port), encoding="utf-8", ssl=context)
    print("ready", flush=True)
    # The end of our input is the end of the test that started us.
    done = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    async with server:
        await done


asyncio.run(main(*sys.argv[1:]))
