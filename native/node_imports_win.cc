// The Node functions that the addon calls, for Windows prebuilds. A Windows DLL names the file it
// imports from, but the host may be node.exe, electron.exe or another program, so the functions are
// looked up in the program that loaded the addon. Calls to a dllimport function find its address in
// `__imp_NAME`.
//
// A function missing from the list does not link, and tools/check-addon.mjs, which reads the list,
// rejects prebuilds of any platform that import others.

#include <windows.h>

#define ROPEWALK_NODE_IMPORTS(X)       \
  X(napi_add_async_cleanup_hook)       \
  X(napi_add_env_cleanup_hook)         \
  X(napi_call_function)                \
  X(napi_check_object_type_tag)        \
  X(napi_close_handle_scope)           \
  X(napi_create_array_with_length)     \
  X(napi_create_bigint_uint64)         \
  X(napi_create_buffer_copy)           \
  X(napi_create_double)                \
  X(napi_create_error)                 \
  X(napi_create_external)              \
  X(napi_create_external_arraybuffer)  \
  X(napi_create_function)              \
  X(napi_create_int32)                 \
  X(napi_create_object)                \
  X(napi_create_reference)             \
  X(napi_create_string_utf8)           \
  X(napi_create_uint32)                \
  X(napi_define_properties)            \
  X(napi_delete_reference)             \
  X(napi_fatal_exception)              \
  X(napi_get_and_clear_last_exception) \
  X(napi_get_array_length)             \
  X(napi_get_arraybuffer_info)         \
  X(napi_get_boolean)                  \
  X(napi_get_cb_info)                  \
  X(napi_get_element)                  \
  X(napi_get_global)                   \
  X(napi_get_named_property)           \
  X(napi_get_null)                     \
  X(napi_get_reference_value)          \
  X(napi_get_typedarray_info)          \
  X(napi_get_undefined)                \
  X(napi_get_uv_event_loop)            \
  X(napi_get_value_bool)               \
  X(napi_get_value_double)             \
  X(napi_get_value_int32)              \
  X(napi_get_value_string_utf8)        \
  X(napi_is_detached_arraybuffer)      \
  X(napi_is_exception_pending)         \
  X(napi_is_typedarray)                \
  X(napi_make_callback)                \
  X(napi_new_instance)                 \
  X(napi_open_handle_scope)            \
  X(napi_remove_async_cleanup_hook)    \
  X(napi_set_element)                  \
  X(napi_set_named_property)           \
  X(napi_throw)                        \
  X(napi_throw_error)                  \
  X(napi_throw_type_error)             \
  X(napi_type_tag_object)              \
  X(napi_typeof)                       \
  X(napi_unwrap)                       \
  X(napi_wrap)                         \
  X(uv_async_init)                     \
  X(uv_async_send)                     \
  X(uv_backend_fd)                     \
  X(uv_backend_timeout)                \
  X(uv_check_init)                     \
  X(uv_check_start)                    \
  X(uv_close)                          \
  X(uv_hrtime)                         \
  X(uv_idle_init)                      \
  X(uv_idle_start)                     \
  X(uv_idle_stop)                      \
  X(uv_is_closing)                     \
  X(uv_loop_alive)                     \
  X(uv_now)                            \
  X(uv_poll_init)                      \
  X(uv_poll_start)                     \
  X(uv_poll_stop)                      \
  X(uv_prepare_init)                   \
  X(uv_prepare_start)                  \
  X(uv_prepare_stop)                   \
  X(uv_ref)                            \
  X(uv_run)                            \
  X(uv_stop)                           \
  X(uv_timer_init)                     \
  X(uv_timer_start)                    \
  X(uv_timer_stop)                     \
  X(uv_unref)                          \
  X(uv_update_time)

extern "C" {
#define ROPEWALK_DEFINE(name) void* __imp_##name = nullptr;
ROPEWALK_NODE_IMPORTS(ROPEWALK_DEFINE)
#undef ROPEWALK_DEFINE
}

namespace {

constexpr struct {
  const char* name;
  void** address;
} kImports[] = {
#define ROPEWALK_ENTRY(name) {#name, &__imp_##name},
    ROPEWALK_NODE_IMPORTS(ROPEWALK_ENTRY)
#undef ROPEWALK_ENTRY
};

bool findAllIn(HMODULE program) {
  if (program == nullptr) return false;
  for (const auto& import : kImports) {
    *import.address = reinterpret_cast<void*>(GetProcAddress(program, import.name));
    if (*import.address == nullptr) return false;
  }
  return true;
}

}  // namespace

// FALSE makes process.dlopen throw; a null pointer would crash the process later. Programs that
// embed Node may have it in libnode.dll.
BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  return findAllIn(GetModuleHandleW(nullptr)) || findAllIn(GetModuleHandleW(L"libnode.dll"));
}
