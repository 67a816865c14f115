// Preloaded into a test's child process, whose copy of the addon asks for this name in place of
// napi_create_external_arraybuffer: refuses as Electron does.
int deny_create_external_arraybuffer(void) { return 22; /* napi_no_external_buffers_allowed */ }
