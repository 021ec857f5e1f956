/*
 * The least that a window with this WebView can cost: GTK 3, one WebKitWebView, one page from disk.
 * Without hardware acceleration, as Erth. argv[1]: the page's URL. LOADED_URL: told at the load event.
 */
#include <gtk/gtk.h>
#include <webkit2/webkit2.h>

static void tell_when_loaded(WebKitWebView *view, const char *url) {
  char *source = g_strdup_printf(
      "addEventListener('load', () => fetch('%s', { mode: 'no-cors', cache: 'no-store' }))", url);
  WebKitUserScript *script = webkit_user_script_new(
      source, WEBKIT_USER_CONTENT_INJECT_TOP_FRAME,
      WEBKIT_USER_SCRIPT_INJECT_AT_DOCUMENT_START, NULL, NULL);
  webkit_user_content_manager_add_script(
      webkit_web_view_get_user_content_manager(view), script);
  webkit_user_script_unref(script);
  g_free(source);
}

int main(int argc, char **argv) {
  gtk_init(&argc, &argv);
  if (argc != 2) return 2;
  GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
  gtk_window_set_title(GTK_WINDOW(window), "floor");
  gtk_window_set_default_size(GTK_WINDOW(window), 1100, 760);
  g_signal_connect(window, "destroy", G_CALLBACK(gtk_main_quit), NULL);
  WebKitWebView *view = WEBKIT_WEB_VIEW(webkit_web_view_new());
  webkit_settings_set_hardware_acceleration_policy(
      webkit_web_view_get_settings(view), WEBKIT_HARDWARE_ACCELERATION_POLICY_NEVER);
  const char *loaded = g_getenv("LOADED_URL");
  if (loaded != NULL) tell_when_loaded(view, loaded);
  gtk_container_add(GTK_CONTAINER(window), GTK_WIDGET(view));
  webkit_web_view_load_uri(view, argv[1]);
  gtk_widget_show_all(window);
  gtk_main();
  return 0;
}
